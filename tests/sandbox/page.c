#include "page.h"

#include <string.h>

static const char style[] =
    "<style>:root{color-scheme:light dark;--bg:#f3f5f9;--card:#fff;--ink:#16181d;--soft:#5b6472;"
    "--line:#d9dee7;--brand:#0b6bcb}.slack{--brand:#611f69}.teams{--brand:#4f52b2}.box{--brand:#0061d5}@media(prefers-color-scheme:dark){"
    ":root{--bg:#14161a;--card:#1e2127;--ink:#eceef2;--soft:#a5adba;--line:#353a44;"
    "--brand:#5aa9f5}.slack{--brand:#c98bd1}.teams{--brand:#9ea2ff}}*{box-sizing:border-box}"
    "body{margin:0;min-height:100vh;display:grid;place-items:center;padding:24px;"
    "background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,sans-serif}"
    "main{width:100%;max-width:440px;background:var(--card);border:1px solid var(--line);"
    "border-top:4px solid var(--brand);border-radius:10px;padding:28px}"
    "h1{font-size:1.25rem;line-height:1.3;margin:0 0 8px}p{margin:0 0 16px}"
    ".tag{color:var(--soft);font-size:.85rem;margin:0 0 14px}"
    ".scopes{margin:0 0 20px;padding-left:20px}dl{margin:0;display:grid;gap:4px 16px;"
    "grid-template-columns:max-content 1fr}dt{color:var(--soft)}dd{margin:0}"
    "button,select{font:inherit;padding:10px 14px;border-radius:8px;border:1px solid var(--line);"
    "background:var(--card);color:inherit;width:100%}button{cursor:pointer;"
    "background:var(--brand);border-color:var(--brand);color:#fff;font-weight:600}"
    "@media(prefers-color-scheme:dark){button{color:#101216}}"
    "button.quiet,button.person{background:transparent;color:inherit;border-color:var(--line)}"
    "button.person{text-align:left;margin:0 0 10px;display:block}"
    "button.person small{display:block;color:var(--soft);font-weight:400}"
    "button:hover{filter:brightness(1.06)}:focus-visible{outline:3px solid var(--brand);"
    "outline-offset:2px}.row{display:flex;gap:12px;margin-top:20px}label{display:block;"
    "margin:0 0 6px}</style>";

void page_begin(struct buf *b, const char *title, const char *brand)
{
    buf_add(b, "<!DOCTYPE html><html lang=\"en\" class=\"");
    buf_add_html(b, brand);
    buf_add(
        b,
        "\"><head><meta charset=\"utf-8\"><link rel=\"icon\" href=\"data:,\"><meta name=\"viewport\" "
        "content=\"width=device-width,initial-scale=1\"><title>");
    buf_add_html(b, title);
    buf_add(b, "</title>");
    buf_add(b, style);
    buf_addf(b, "</head><body><main><p class=\"tag\">%s sandbox</p>",
             strcmp(brand, "slack") == 0        ? "Slack"
             : strcmp(brand, "teams") == 0      ? "Microsoft"
             : strcmp(brand, "box") == 0        ? "Box"
             : strcmp(brand, "servicenow") == 0 ? "ServiceNow"
                                                : "Salesforce");
}

void page_end(struct buf *b)
{
    buf_add(b, "</main></body></html>\n");
}

void page_message(struct request *req, unsigned status, const char *title, const char *text,
                  const char *brand)
{
    struct buf b = {0};
    page_begin(&b, title, brand);
    buf_add(&b, "<h1>");
    buf_add_html(&b, title);
    buf_add(&b, "</h1><p>");
    buf_add_html(&b, text);
    buf_add(&b, "</p>");
    page_end(&b);
    http_reply_text(req, status, "text/html; charset=utf-8", b.data);
    buf_free(&b);
}

/* The little HTML that the stand-ins' own pages share. */
#ifndef SANDBOX_PAGE_H
#define SANDBOX_PAGE_H

#include "http.h"

/* Head, style and the card's opening; `brand` is the stand-in's name and colours the page. */
void page_begin(struct buf *b, const char *title, const char *brand);
void page_end(struct buf *b);
/* A whole page with a heading and one sentence. */
void page_message(struct request *req, unsigned status, const char *title, const char *text,
                  const char *brand);

#endif

#include "net_int.h"

#include <arpa/inet.h>
#include <string.h>

/* One network that no call may reach; bytes in network order. */
struct range4 {
    uint32_t base;
    unsigned bits;
};

#define IP4(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

/* https://www.iana.org/assignments/iana-ipv4-special-registry */
static const struct range4 refused4[] = {
    {IP4(0, 0, 0, 0), 8},       /* this network */
    {IP4(10, 0, 0, 0), 8},      /* private */
    {IP4(100, 64, 0, 0), 10},   /* carrier-grade NAT */
    {IP4(127, 0, 0, 0), 8},     /* loopback */
    {IP4(169, 254, 0, 0), 16},  /* link-local: cloud metadata */
    {IP4(172, 16, 0, 0), 12},   /* private */
    {IP4(192, 0, 0, 0), 24},    /* protocol assignments */
    {IP4(192, 0, 2, 0), 24},    /* documentation */
    {IP4(192, 88, 99, 0), 24},  /* 6to4 relay */
    {IP4(192, 168, 0, 0), 16},  /* private */
    {IP4(198, 18, 0, 0), 15},   /* benchmarks */
    {IP4(198, 51, 100, 0), 24}, /* documentation */
    {IP4(203, 0, 113, 0), 24},  /* documentation */
    {IP4(224, 0, 0, 0), 4},     /* multicast */
    {IP4(240, 0, 0, 0), 4},     /* reserved, broadcast */
};

struct range6 {
    uint8_t base[16];
    unsigned bits;
};

/* Parts of 2000::/3 that are no public hosts; everything outside it is refused anyway.
 * https://www.iana.org/assignments/iana-ipv6-special-registry */
static const struct range6 refused6[] = {
    {{0x20, 0x01, 0x00}, 23},       /* protocol assignments: Teredo, ORCHID, ... */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x20, 0x02}, 16},             /* 6to4: an IPv4 address behind a relay */
    {{0x3f, 0xff, 0x00}, 20},       /* documentation */
};

static const struct range6 global6 = {{0x20}, 3};
static const struct range6 mapped4 = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96};
static const struct range6 nat64 = {{0x00, 0x64, 0xff, 0x9b}, 96};

static bool allowed4(uint32_t address)
{
    for (size_t i = 0; i < sizeof(refused4) / sizeof(refused4[0]); i++) {
        if ((address ^ refused4[i].base) >> (32 - refused4[i].bits) == 0) {
            return false;
        }
    }
    return true;
}

static bool inside6(const uint8_t *address, const struct range6 *range)
{
    for (unsigned bit = 0; bit < range->bits; bit++) {
        uint8_t differ = address[bit / 8] ^ range->base[bit / 8];
        if ((differ >> (7 - bit % 8) & 1) != 0) {
            return false;
        }
    }
    return true;
}

static bool allowed6(const uint8_t *address)
{
    if (inside6(address, &mapped4) || inside6(address, &nat64)) {
        return allowed4(IP4(address[12], address[13], address[14], address[15]));
    }
    for (size_t i = 0; i < sizeof(refused6) / sizeof(refused6[0]); i++) {
        if (inside6(address, &refused6[i])) {
            return false;
        }
    }
    return inside6(address, &global6);
}

bool net_address_allowed(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof(v4));
        return allowed4(ntohl(v4.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof(v6));
        return allowed6(v6.sin6_addr.s6_addr);
    }
    return false;
}

bool net_address_text_allowed(const char *ip)
{
    struct in_addr v4;
    if (ip != NULL && inet_pton(AF_INET, ip, &v4) == 1) {
        return allowed4(ntohl(v4.s_addr));
    }
    struct in6_addr v6;
    return ip != NULL && inet_pton(AF_INET6, ip, &v6) == 1 && allowed6(v6.s6_addr);
}

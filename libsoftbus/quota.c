/* Who uses how much of the hub. */
#include "softbus/quota.h"

#include "libsoftbus/listing.h"
#include "softbus/parcel.h"
#include "wire/hub.h"

static int read_quota(struct softbus_parcel *parcel, void *item, char **texts)
{
    struct softbus_quota_info *quota = item;
    int r = softbus_parcel_read_bool(parcel, &quota->is_user);

    if (r == 0)
        r = softbus_parcel_read_u32(parcel, &quota->uid);
    if (r == 0)
        r = softbus_parcel_read_u32(parcel, &quota->pid);
    if (r == 0)
        r = softbus_listing_read(parcel, texts, &quota->app);
    if (r == 0)
        r = softbus_listing_read(parcel, texts, &quota->kind);
    if (r == 0)
        r = softbus_parcel_read_u64(parcel, &quota->used);
    if (r == 0)
        r = softbus_parcel_read_u64(parcel, &quota->limit);
    if (r == 0)
        r = softbus_parcel_read_u64(parcel, &quota->n_refused);
    return r < 0 ? r : softbus_listing_read(parcel, texts, &quota->key);
}

int softbus_quota_list(struct softbus *bus, struct softbus_quota_info **ret_quotas, size_t *ret_n)
{
    void *quotas;
    int r = softbus_listing_get(bus, WIRE_HUB_QUOTA_LIST, NULL, sizeof(**ret_quotas), read_quota, &quotas, ret_n);

    if (r == 0)
        *ret_quotas = quotas;
    return r;
}

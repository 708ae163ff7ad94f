/*
 * SipHash, a keyed hash of short inputs: Aumasson, Bernstein, "SipHash: a fast short-input PRF", 2012. With 2 and 4 rounds nobody who
 * has not the key can make a hash that fits; with 1 and 3 it is for tables. Numbers are taken as this machine has them.
 */
#ifndef SB_BASE_SIP_H
#define SB_BASE_SIP_H

#include <stddef.h>
#include <stdint.h>

uint64_t sb_sip13(const uint64_t key[2], const void *data, size_t size);
uint64_t sb_sip24(const uint64_t key[2], const void *data, size_t size);

#endif

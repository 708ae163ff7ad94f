/*
 * Text for people and for programs. Names, logs and replies come from other devices: printed as they are they could
 * drive the terminal (control characters) or reorder what is read (bidirectional overrides), so those are escaped.
 */
#ifndef CTL_TEXT_H
#define CTL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The next character of UTF-8: its size in bytes, or 0 when the bytes are not UTF-8 (or size is 0). */
size_t ctl_text_decode(const char *text, size_t size, uint32_t *ret_character);

/* Backslashes stay; "\u{9b}" for characters that are not to reach a terminal, "\x80" for bytes that are not UTF-8. */
void ctl_text_print(FILE *file, const char *text, size_t size);

/* The same into memory: gives text to be freed; NULL when out of memory. */
char *ctl_text_escape(const char *text);

/* A JSON string with its quotes; what is not UTF-8 becomes U+FFFD. */
void ctl_text_print_json(FILE *file, const char *text, size_t size);

/* `"key":"text"` and `"key":number`, with a comma before it unless it is the first of its object. */
void ctl_text_print_member(FILE *file, bool is_first, const char *key, const char *text);
void ctl_text_print_member_number(FILE *file, bool is_first, const char *key, uint64_t value);

#endif

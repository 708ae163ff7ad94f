#include "softbusctl/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

size_t ctl_text_decode(const char *text, size_t size, uint32_t *ret_character)
{
    static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
    const unsigned char *p = (const unsigned char *)text;
    uint32_t character;
    size_t length;

    if (size == 0)
        return 0;
    if (p[0] < 0x80) {
        *ret_character = p[0];
        return 1;
    }
    length = p[0] >= 0xf0 && p[0] < 0xf5 ? 4 : p[0] >= 0xe0 && p[0] < 0xf0 ? 3 : p[0] >= 0xc2 && p[0] < 0xe0 ? 2 : 0;
    if (length == 0 || size < length)
        return 0;
    character = p[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        character = character << 6 | (p[i] & 0x3f);
    }
    if (character < smallest[length] || character > 0x10ffff || (character >= 0xd800 && character <= 0xdfff))
        return 0;
    *ret_character = character;
    return length;
}

static bool text_is_harmful(uint32_t character)
{
    return character < 0x20 || (character >= 0x7f && character < 0xa0) || /* C0, DEL, C1 */
           character == 0x61c || character == 0x200e || character == 0x200f || /* marks of direction */
           (character >= 0x2028 && character <= 0x202e) || (character >= 0x2066 && character <= 0x2069) ||
           character == 0xfeff || (character >= 0xe0000 && character <= 0xe007f);
}

void ctl_text_print(FILE *file, const char *text, size_t size)
{
    for (size_t i = 0; i < size;) {
        uint32_t character;
        size_t length = ctl_text_decode(text + i, size - i, &character);

        if (length == 0)
            fprintf(file, "\\x%02x", (unsigned char)text[i++]);
        else if (text_is_harmful(character))
            fprintf(file, "\\u{%" PRIx32 "}", character);
        else
            fwrite(text + i, 1, length, file);
        i += length;
    }
}

char *ctl_text_escape(const char *text)
{
    char *escaped = NULL;
    size_t size;
    FILE *file = open_memstream(&escaped, &size);

    if (!file)
        return NULL;
    ctl_text_print(file, text, strlen(text));
    if (fclose(file) != 0) {
        free(escaped);
        return NULL;
    }
    return escaped;
}

void ctl_text_print_json(FILE *file, const char *text, size_t size)
{
    fputc('"', file);
    for (size_t i = 0; i < size;) {
        uint32_t character;
        size_t length = ctl_text_decode(text + i, size - i, &character);

        if (length == 0) {
            fputs("\xef\xbf\xbd", file);
            i++;
        } else if (character == '"' || character == '\\') {
            fprintf(file, "\\%c", (int)character);
        } else if (text_is_harmful(character) && character <= 0xffff) {
            fprintf(file, "\\u%04" PRIx32, character);
        } else {
            fwrite(text + i, 1, length, file);
        }
        i += length;
    }
    fputc('"', file);
}

void ctl_text_print_member(FILE *file, bool is_first, const char *key, const char *text)
{
    fprintf(file, "%s\"%s\":", is_first ? "" : ",", key);
    ctl_text_print_json(file, text, strlen(text));
}

void ctl_text_print_member_number(FILE *file, bool is_first, const char *key, uint64_t value)
{
    fprintf(file, "%s\"%s\":%" PRIu64, is_first ? "" : ",", key, value);
}

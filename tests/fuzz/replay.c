/*
 * main() of a harness in the ordinary build: gives it every input of its corpus, and every shorter beginning of
 * each, as exact heap copies so that a sanitizer sees a read past the end. Prints TAP, one test per input.
 * The corpus of fuzz_NAME is tests/fuzz/corpus/NAME; arguments, if any, are files to replay instead.
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Beginnings of a long input are tried up to here and then in steps: all of them would cost its square. */
#define N_EVERY_LENGTH 4096
#define LENGTH_STEP 509

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((__weak__));

static void give(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);

    if (!copy)
        abort();
    if (size)
        memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static bool read_file(const char *path, uint8_t **ret_data, size_t *ret_size)
{
    size_t size = 0, room = 1 << 16;
    uint8_t *data = malloc(room);
    FILE *file = fopen(path, "rbe");

    while (data && file) {
        size_t got = fread(data + size, 1, room - size, file);
        uint8_t *grown;

        if (!got)
            break;
        size += got;
        if (size < room)
            continue;
        grown = realloc(data, room *= 2);
        if (!grown)
            free(data);
        data = grown;
    }
    if (!data || !file || ferror(file)) {
        printf("# %s: %s\n", path, strerror(errno));
        free(data);
        if (file)
            fclose(file);
        return false;
    }
    fclose(file);
    *ret_data = data;
    *ret_size = size;
    return true;
}

/* True when the input could be read; a harness that finds fault does not return. */
static bool replay(const char *path)
{
    uint8_t *data;
    size_t size;

    if (!read_file(path, &data, &size))
        return false;
    for (size_t length = 0; length < size; length += length < N_EVERY_LENGTH ? 1 : LENGTH_STEP)
        give(data, length);
    give(data, size);
    free(data);
    return true;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool test(int number, const char *path)
{
    bool passed;

    /* Said first and flushed: when the harness crashes, the log's last line names the input. */
    printf("# %s\n", path);
    fflush(stdout);
    passed = replay(path);
    printf("%s %d - %s\n", passed ? "ok" : "not ok", number, strrchr(path, '/') ? strrchr(path, '/') + 1 : path);
    return passed;
}

static int test_corpus(const char *program)
{
    const char *top = getenv("SOFTBUS_SRCDIR"), *name = strrchr(program, '/');
    struct dirent **entries;
    char folder[3072];
    int n, n_failed = 0;

    name = name ? name + 1 : program;
    name = strncmp(name, "fuzz_", 5) ? name : name + 5;
    snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s", top ? top : ".", name);
    n = scandir(folder, &entries, is_visible, alphasort);
    if (n <= 0) {
        printf("1..1\nnot ok 1 - %s: %s\n", folder, n ? strerror(errno) : "no inputs");
        return 1;
    }
    printf("1..%d\n", n);
    for (int i = 0; i < n; i++) {
        char path[4096];

        snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
        n_failed += !test(i + 1, path);
        free(entries[i]);
    }
    free(entries);
    return n_failed != 0;
}

int main(int argc, char **argv)
{
    int n_failed = 0;

    if (LLVMFuzzerInitialize)
        LLVMFuzzerInitialize(&argc, &argv);
    if (argc == 1)
        return test_corpus(argv[0]);
    printf("1..%d\n", argc - 1);
    for (int i = 1; i < argc; i++)
        n_failed += !test(i, argv[i]);
    return n_failed != 0;
}

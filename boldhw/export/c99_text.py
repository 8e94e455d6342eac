"""The text of exported C; ``@name@`` is filled in by :mod:`boldhw.export.c99`."""

TOP_OF_HEADER = """\
/* SPDX-License-Identifier: @license@
 *
 * The Boolean network @network@.
 *
 * A sample has @NAME@_INPUTS bits in @NAME@_WORDS words: bit i is bit i % @word@ of word
 * i / @word@.
 * Weights take @weight_bytes@ bytes of constants, maps @ram@ bytes of static memory. Functions use
 * that memory, so only one of them may run at a time.
 */
#ifndef @NAME@_H
#define @NAME@_H

#include <stdint.h>

#define @NAME@_INPUTS @inputs@
#define @NAME@_WORDS @input_words@
#define @NAME@_CLASSES @classes@

typedef uint@word@_t @name@_word;

/* Names of the classes, in UTF-8. */
extern const char *const @name@_class_names[@NAME@_CLASSES];

/* Write the score of each class for a sample of bits. */
void @name@_scores_of_bits(const @name@_word *bits, int32_t *scores);

/* Return the class of a sample of bits: the one with the highest score, the first of several. */
int @name@_class_of_bits(const @name@_word *bits);
"""

HEADER = {
    "features": """
#define @NAME@_FEATURES @features@

typedef @feature@ @name@_feature;

/* Write the bits that code a sample of features. */
void @name@_code(const @name@_feature *features, @name@_word *bits);

/* Write the score of each class for a sample of features. */
void @name@_scores(const @name@_feature *features, int32_t *scores);

/* Return the class of a sample of features, as @name@_class_of_bits does. */
int @name@_class(const @name@_feature *features);
""",
    "end": """
#endif
""",
}

SOURCE = {
    "top": """\
/* SPDX-License-Identifier: @license@ */
#include "@name@.h"

typedef @name@_word word;

enum { WORD = @word@ };

/* A map of bits: row by row, in a row column by column, at a place plane by plane. */
struct map {
    word *bits;
    int16_t height, width, planes;
};

/* Neighbouring places of a map that a sum reads, from (y * stride + dy, x * stride + dx) on. */
struct read {
    int16_t map, dy, dx, places;
};

/* A layer: an output is T where its sum, the largest of a square that is pooled, reaches tau. */
struct layer {
    const word *weights;        /* a row of whole words for each output */
    const int16_t *tau;         /* 0 in the last layer, whose sums are added to scores */
    const struct read *reads;
    int32_t read_count, inputs, rows, columns, outputs, stride, pool;
    int zero_true;              /* 1: F of what it reads is 0; 0: it is -1 */
    int map;                    /* what it makes */
};

@buffers@
static const struct map maps[] = {
@maps@
};

@arrays@

static const struct layer layers[] = {
@layers@
};

static word patch[@row_words@];    /* bits that a sum reads, in the order of its weights */
static word mask[@row_words@];     /* which of them count */
static int32_t best[@most_outputs@];   /* sum of each output, the largest of a square */

const char *const @name@_class_names[@NAME@_CLASSES] = {
@class_names@
};
""",
    "run": """
static int32_t words_of(int32_t bits)
{
    return (bits + WORD - 1) / WORD;
}

/* Return how many bits of a word are 1. */
static int32_t ones(word x)
{
    x -= (x >> 1) & (word)((word)-1 / 3);
    x = (x & (word)((word)-1 / 5)) + ((x >> 2) & (word)((word)-1 / 5));
    x = (x + (x >> 4)) & (word)((word)-1 / 17);
    return (int32_t)((word)(x * (word)((word)-1 / 255)) >> (WORD - 8));
}

/* Set those of `count` bits at `at` that are 1 at `start` of `from`, or all if that is 0. */
static void put(word *to, int32_t at, const word *from, int32_t start, int32_t count)
{
    while (count > 0) {
        int32_t size = WORD - at % WORD;
        word bits = (word)-1;
        if (from && size > WORD - start % WORD)
            size = WORD - start % WORD;
        if (size > count)
            size = count;
        if (from)
            bits = from[start / WORD] >> (start % WORD);
        if (size < WORD)
            bits &= ((word)1 << size) - 1;
        to[at / WORD] |= (word)(bits << (at % WORD));
        at += size;
        start += size;
        count -= size;
    }
}

static void clear(word *bits, int32_t count)
{
    int32_t i;
    for (i = 0; i < count; i++)
        bits[i] = 0;
}

/* Gather what the sums at a place read; return how many of these bits count. */
static int32_t gather(const struct layer *layer, int32_t row, int32_t column)
{
    int32_t i, at = 0, count = 0, words = words_of(layer->inputs);
    clear(patch, words);
    clear(mask, words);
    for (i = 0; i < layer->read_count; i++) {
        const struct read *read = &layer->reads[i];
        const struct map *map = &maps[read->map];
        int32_t y = row * layer->stride + read->dy, x = column * layer->stride + read->dx;
        int32_t first = x < 0 ? -x : 0;
        int32_t last = map->width - x < read->places ? map->width - x : read->places;
        if (y >= 0 && y < map->height && first < last) {
            int32_t start = ((int32_t)y * map->width + x + first) * map->planes;
            int32_t size = (last - first) * map->planes;
            put(patch, at + first * map->planes, map->bits, start, size);
            if (!layer->zero_true)
                put(mask, at + first * map->planes, 0, 0, size);
        }
        at += read->places * map->planes;
    }
    for (i = 0; i < words; i++) {
        if (layer->zero_true)
            mask[i] = patch[i];
        count += ones(mask[i]);
    }
    return count;
}

/* Compute the sums of a square of places into `best`, the largest of each output. */
static void sum(const struct layer *layer, int32_t row, int32_t column)
{
    int32_t part, output, i, words = words_of(layer->inputs);
    for (part = 0; part < layer->pool * layer->pool; part++) {
        const word *weights = layer->weights;
        int32_t count = gather(layer, row * layer->pool + part / layer->pool,
                               column * layer->pool + part % layer->pool);
        for (output = 0; output < layer->outputs; output++, weights += words) {
            int32_t wrong = 0, total;
            for (i = 0; i < words; i++)
                wrong += ones((patch[i] ^ weights[i]) & mask[i]);
            total = count - 2 * wrong;
            if (part == 0 || total > best[output])
                best[output] = total;
        }
    }
}

static void run(const struct layer *layer)
{
    const struct map *map = &maps[layer->map];
    int32_t row, column, output, at = 0;
    clear(map->bits, words_of((int32_t)map->height * map->width * map->planes));
    for (row = 0; row < layer->rows; row++)
        for (column = 0; column < layer->columns; column++) {
            sum(layer, row, column);
            for (output = 0; layer->tau && output < layer->outputs; output++, at++)
                if (best[output] >= layer->tau[output])
                    put(map->bits, at, 0, 0, 1);
        }
}

static int highest(const int32_t *scores)
{
    int i, found = 0;
    for (i = 1; i < @NAME@_CLASSES; i++)
        if (scores[i] > scores[found])
            found = i;
    return found;
}

void @name@_scores_of_bits(const @name@_word *bits, int32_t *scores)
{
    int32_t i;
    for (i = 0; i < @NAME@_WORDS; i++)
        maps[0].bits[i] = bits[i];
    for (i = 0; i < (int32_t)(sizeof layers / sizeof *layers); i++)
        run(&layers[i]);
    for (i = 0; i < @NAME@_CLASSES; i++)
        scores[i] = 0;
    for (i = 0; i < @NAME@_CLASSES * @outputs_per_class@; i++)
        scores[i / @outputs_per_class@] += best[i];
}

int @name@_class_of_bits(const @name@_word *bits)
{
    int32_t scores[@NAME@_CLASSES];
    @name@_scores_of_bits(bits, scores);
    return highest(scores);
}
""",
    "pixels": """
/* A bit is T where its pixel is above its level. */
static const uint8_t levels[] = {
@edges@
};

void @name@_code(const @name@_feature *features, @name@_word *bits)
{
    int32_t place, level, at = 0;
    clear(bits, @NAME@_WORDS);
    for (place = 0; place < @NAME@_FEATURES; place++)
        for (level = 0; level < @edge_count@; level++, at++)
            if (features[place] > levels[level])
                put(bits, at, 0, 0, 1);
}
""",
    "edges": """
/* A bit is T where its feature is above its edge. */
static const int32_t columns[] = {
@columns@
};
static const int32_t edges[] = {
@edges@
};

void @name@_code(const @name@_feature *features, @name@_word *bits)
{
    int32_t i;
    clear(bits, @NAME@_WORDS);
    for (i = 0; i < @NAME@_INPUTS; i++)
        if (features[columns[i]] > edges[i])
            put(bits, i, 0, 0, 1);
}
""",
    "features": """
void @name@_scores(const @name@_feature *features, int32_t *scores)
{
    @name@_word bits[@NAME@_WORDS];
    @name@_code(features, bits);
    @name@_scores_of_bits(bits, scores);
}

int @name@_class(const @name@_feature *features)
{
    int32_t scores[@NAME@_CLASSES];
    @name@_scores(features, scores);
    return highest(scores);
}
""",
}

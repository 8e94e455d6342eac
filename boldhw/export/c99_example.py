"""The text of a program that uses exported C; see :mod:`boldhw.export.c99_text`."""

EXAMPLE_END = """
static void print(const int32_t *scores, int found)
{
    int i;
    printf("%d", found);
    for (i = 0; i < @NAME@_CLASSES; i++)
        printf(" %ld", (long)scores[i]);
    printf(" %s\\n", @name@_class_names[found]);
}
"""

EXAMPLE = {
    "features": """\
/* SPDX-License-Identifier: @license@
 *
 * Reads samples, @NAME@_FEATURES whole numbers each, divided by spaces, lines or commas. Prints
 * a line for each: number of the class, score of every class, name of the class.
 *
 *     cc -std=c99 -O2 main.c @name@.c -o @name@ && ./@name@ < samples.txt
 */
#include <stdio.h>

#include "@name@.h"
"""
    + EXAMPLE_END
    + """
int main(void)
{
    static @name@_feature features[@NAME@_FEATURES];
    int32_t scores[@NAME@_CLASSES];
    long value;
    int count = 0;
    while (scanf("%ld ,", &value) == 1) {
        features[count] = (@name@_feature)value;
        if (features[count++] != value)
            return 1; /* out of the range of a feature */
        if (count == @NAME@_FEATURES) {
            @name@_scores(features, scores);
            print(scores, @name@_class(features));
            count = 0;
        }
    }
    return count != 0 || !feof(stdin);
}
""",
    "bits": """\
/* SPDX-License-Identifier: @license@
 *
 * Reads samples, @NAME@_INPUTS digits 0 (F) and 1 (T) each; other characters are passed over.
 * Prints a line for each: number of the class, score of every class, name of the class.
 *
 *     cc -std=c99 -O2 main.c @name@.c -o @name@ && ./@name@ < samples.txt
 */
#include <stdio.h>

#include "@name@.h"
"""
    + EXAMPLE_END
    + """
int main(void)
{
    static @name@_word bits[@NAME@_WORDS];
    int32_t scores[@NAME@_CLASSES];
    int c, i, count = 0;
    while ((c = getchar()) != EOF) {
        if (c != '0' && c != '1')
            continue;
        if (c == '1')
            bits[count / @word@] |= (@name@_word)1 << (count % @word@);
        count++;
        if (count == @NAME@_INPUTS) {
            @name@_scores_of_bits(bits, scores);
            print(scores, @name@_class_of_bits(bits));
            for (i = 0; i < @NAME@_WORDS; i++)
                bits[i] = 0;
            count = 0;
        }
    }
    return count != 0;
}
""",
}

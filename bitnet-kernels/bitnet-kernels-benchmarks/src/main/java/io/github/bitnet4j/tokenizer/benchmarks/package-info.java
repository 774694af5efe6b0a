/**
 * JMH benchmarks of the tokenizer beside other tokenizers of the JVM; never published.
 *
 * <p>Not null-marked: JMH fills the fields of a benchmark after construction.
 */
@NullUnmarked
package io.github.bitnet4j.tokenizer.benchmarks;

import org.jspecify.annotations.NullUnmarked;

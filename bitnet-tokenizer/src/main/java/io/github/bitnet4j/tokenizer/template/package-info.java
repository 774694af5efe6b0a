/**
 * The evaluator behind chat templates: lexer, parser, values and rendering of Jinja as Hugging Face
 * sets it up. Everything a rendering does is counted and bounded, so that a template from an
 * untrusted model file can neither hang nor exhaust the program.
 */
@NullMarked
package io.github.bitnet4j.tokenizer.template;

import org.jspecify.annotations.NullMarked;

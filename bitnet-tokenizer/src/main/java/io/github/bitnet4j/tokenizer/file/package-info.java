/**
 * Opens files for reading: regular ones only, with errors that name them. Makes text from files
 * printable for messages.
 */
@NullMarked
package io.github.bitnet4j.tokenizer.file;

import org.jspecify.annotations.NullMarked;

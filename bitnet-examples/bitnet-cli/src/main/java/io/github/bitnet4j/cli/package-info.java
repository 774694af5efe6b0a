/**
 * The command line. {@link io.github.bitnet4j.cli.Main} starts it; each command is one class, and
 * options that commands share are classes of their own.
 */
@NullMarked
package io.github.bitnet4j.cli;

import org.jspecify.annotations.NullMarked;

/**
 * What every kernel provider must fulfil. A provider's module subclasses the tests of this package
 * (from the test-jar of bitnet-kernels-scalar) and hands in its provider.
 */
@NullMarked
package io.github.bitnet4j.kernels.contract;

import org.jspecify.annotations.NullMarked;

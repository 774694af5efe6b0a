package io.github.bitnet4j.kernels.scalar;

import io.github.bitnet4j.kernels.contract.FloatKernelContract;

class ScalarFloatKernelTest extends FloatKernelContract {
  ScalarFloatKernelTest() {
    super(new ScalarKernelProvider());
  }
}

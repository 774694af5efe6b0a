package io.github.bitnet4j.kernels.scalar;

import io.github.bitnet4j.kernels.contract.Int8KernelContract;

class ScalarInt8KernelTest extends Int8KernelContract {
  ScalarInt8KernelTest() {
    super(new ScalarKernelProvider());
  }
}

package io.github.bitnet4j.kernels.vector;

import io.github.bitnet4j.kernels.contract.Int8KernelContract;

class VectorInt8KernelTest extends Int8KernelContract {
  VectorInt8KernelTest() {
    super(new VectorKernelProvider());
  }
}

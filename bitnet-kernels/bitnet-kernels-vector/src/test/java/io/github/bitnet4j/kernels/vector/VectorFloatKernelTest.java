package io.github.bitnet4j.kernels.vector;

import io.github.bitnet4j.kernels.contract.FloatKernelContract;

class VectorFloatKernelTest extends FloatKernelContract {
  VectorFloatKernelTest() {
    super(new VectorKernelProvider());
  }
}

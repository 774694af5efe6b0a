package io.github.bitnet4j.kernels.vector;

import io.github.bitnet4j.kernels.contract.TernaryKernelContract;

class VectorTernaryKernelTest extends TernaryKernelContract {
  VectorTernaryKernelTest() {
    super(new VectorKernelProvider());
  }
}

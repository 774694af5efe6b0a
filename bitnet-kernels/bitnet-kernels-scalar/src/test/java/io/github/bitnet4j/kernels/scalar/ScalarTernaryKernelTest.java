package io.github.bitnet4j.kernels.scalar;

import io.github.bitnet4j.kernels.contract.TernaryKernelContract;

class ScalarTernaryKernelTest extends TernaryKernelContract {
  ScalarTernaryKernelTest() {
    super(new ScalarKernelProvider());
  }
}

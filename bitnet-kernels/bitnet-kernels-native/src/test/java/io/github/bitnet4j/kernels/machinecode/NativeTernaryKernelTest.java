package io.github.bitnet4j.kernels.machinecode;

import io.github.bitnet4j.kernels.contract.TernaryKernelContract;

class NativeTernaryKernelTest extends TernaryKernelContract {
  NativeTernaryKernelTest() {
    super(new NativeKernelProvider());
  }
}

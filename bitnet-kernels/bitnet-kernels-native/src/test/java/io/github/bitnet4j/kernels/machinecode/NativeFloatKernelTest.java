package io.github.bitnet4j.kernels.machinecode;

import io.github.bitnet4j.kernels.contract.FloatKernelContract;

class NativeFloatKernelTest extends FloatKernelContract {
  NativeFloatKernelTest() {
    super(new NativeKernelProvider());
  }
}

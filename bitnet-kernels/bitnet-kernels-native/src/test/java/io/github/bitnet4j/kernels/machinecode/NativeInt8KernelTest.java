package io.github.bitnet4j.kernels.machinecode;

import io.github.bitnet4j.kernels.contract.Int8KernelContract;

class NativeInt8KernelTest extends Int8KernelContract {
  NativeInt8KernelTest() {
    super(new NativeKernelProvider());
  }
}

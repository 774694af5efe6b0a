package io.github.bitnet4j.kernels.scalar;

import io.github.bitnet4j.kernels.contract.OriginBugsContract;

class OriginBugsTest extends OriginBugsContract {
  OriginBugsTest() {
    super(new ScalarKernelProvider());
  }
}

package io.github.bitnet4j.kernels.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.spi.KernelProvider;
import io.github.bitnet4j.spi.TernaryMatrix;
import org.junit.jupiter.api.Test;

/** Errors of an earlier engine that must not come back. */
public abstract class OriginBugsContract extends KernelContract {
  protected OriginBugsContract(KernelProvider provider) {
    super(provider);
  }

  /**
   * That engine decoded 00 as 0, 01 as +1 and 10 as -1, and took the trits of a byte for four
   * neighbouring rows. The bytes are the worked example of the format: 0xA1 at (0, 0) holds the
   * trits of column 0 of rows 0, 2, 4 and 6.
   */
  @Test
  void tritCodeIsTritPlusOneAndRowsAreInFourBlocks() {
    byte[] packed = {(byte) 0xA1, 0x18, (byte) 0x90, 0x0A};
    TernaryMatrix w = kernels.prepare(Numbers.rowQuarters(packed, 8, 2, arena), arena);
    int[] columns = new int[2 * 8];

    kernels.ternaryMatMul(w, new byte[] {1, 0, 0, 1}, 2, columns, 0, w.units(), scratch);

    int[] column0 = {0, -1, -1, -1, 1, 0, 1, 1};
    int[] column1 = {-1, 1, 1, 1, 0, -1, -1, -1};
    assertThat(columns).startsWith(column0).endsWith(column1);
  }
}

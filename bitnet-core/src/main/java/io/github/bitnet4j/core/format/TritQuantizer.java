package io.github.bitnet4j.core.format;

import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.core.format.WeightSource.MasterRule;
import io.github.bitnet4j.spi.DenseMatrix;
import io.github.bitnet4j.spi.TernaryLayout;
import io.github.bitnet4j.spi.TernaryTensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Turns dense weights into trits and a scale, at load.
 *
 * <p>Master weights of training are quantized by their absolute mean, as the reference does (BitNet
 * b1.58, section 2): {@code m = max(mean |W|, 1e-5)}, {@code s = 1 / m}, {@code trit = clamp(rint(W
 * * s), -1, 1)}, scale {@code 1 / s}. The mean is taken over the whole tensor in double, row by
 * row.
 *
 * <p>Files that were unpacked by a converter hold only the values -m, 0 and m; those trits are
 * recovered as they are. A model that does not declare itself BitNet must hold such values: {@link
 * MasterRule}.
 */
final class TritQuantizer {
  private final WeightSource source;
  private final DenseMatrix weights;
  private final int interleavedHead;
  private final float[] row;

  private TritQuantizer(WeightSource source, WeightSource.Masters masters) {
    this.source = source;
    weights = masters.weights();
    interleavedHead = masters.interleavedHead();
    row = new float[weights.columns()];
  }

  /**
   * Returns dense weights as trits, by the rule that the model's files imply.
   *
   * @param memory for the packed trits
   * @throws ModelFormatException if a weight is not finite, or the rule allows only trits times one
   *     scale and these weights are others
   */
  static WeightSource.Packed quantize(
      WeightSource source, WeightSource.Masters masters, SegmentAllocator memory)
      throws ModelFormatException {
    TritQuantizer quantizer = new TritQuantizer(source, masters);
    if (masters.rule() == MasterRule.QUANTIZE) {
      return quantizer.absmean(memory);
    }
    float magnitude = quantizer.commonMagnitude();
    if (magnitude > 0) {
      return new WeightSource.Packed(quantizer.pack(1 / magnitude, memory), magnitude);
    }
    if (magnitude < 0 && quantizer.isRefused(masters.rule())) {
      throw quantizer.notTernary();
    }
    return quantizer.absmean(memory);
  }

  private boolean isRefused(MasterRule rule) {
    return switch (rule) {
      case QUANTIZE, RECOVER_OR_QUANTIZE -> false;
      case RECOVER -> true;
      case ON_REQUEST -> TritDistance.weightsPerScale(weights) > 0;
    };
  }

  private ModelFormatException notTernary() throws ModelFormatException {
    requireFinite(absoluteSum());
    TritDistance distance = TritDistance.of(weights);
    String problem = "expected trits times one scale, found " + distance.description();
    if (distance.weightsPerScale() > 0) {
      return source.problem(weights.name(), problem);
    }
    return source.problem(
        weights.name(),
        problem
            + ". If these are master weights of a BitNet b1.58 model, which an ordinary float model"
            + " cannot be told from, load it with LoadOptions.Builder.quantizeMasters(true), on the"
            + " command line --quantize-masters");
  }

  private WeightSource.Packed absmean(SegmentAllocator memory) throws ModelFormatException {
    double sum = absoluteSum();
    requireFinite(sum);
    float mean = Math.max((float) (sum / ((double) weights.rows() * weights.columns())), 1e-5f);
    float s = 1 / mean;
    return new WeightSource.Packed(pack(s, memory), 1 / s);
  }

  private double absoluteSum() {
    double sum = 0;
    for (int r = 0; r < weights.rows(); r++) {
      weights.copyRow(r, row, 0);
      for (float w : row) {
        sum += Math.abs(w);
      }
    }
    return sum;
  }

  private void requireFinite(double sum) throws ModelFormatException {
    if (!Double.isFinite(sum)) {
      throw source.problem(
          weights.name(), "expected finite weights, found NaN or an infinity; they are damaged");
    }
  }

  /** Returns m if all weights are -m, 0 or m; 0 if all are 0; -1 if there is no such m. */
  private float commonMagnitude() {
    float common = 0;
    for (int r = 0; r < weights.rows(); r++) {
      weights.copyRow(r, row, 0);
      for (float w : row) {
        float magnitude = Math.abs(w);
        if (magnitude == 0 || magnitude == common) {
          continue;
        }
        if (common != 0 || !(magnitude < Float.POSITIVE_INFINITY)) {
          return -1;
        }
        common = magnitude;
      }
    }
    return common;
  }

  /** Packs the rows in their stored order. */
  private TernaryTensor pack(float s, SegmentAllocator memory) {
    int rows = weights.rows();
    int columns = weights.columns();
    int quarter = (rows + 3) / 4;
    MemorySegment packed =
        memory.allocate(TernaryLayout.ROW_QUARTERS.byteSize(rows, columns), Long.BYTES);
    byte[] codes = new byte[columns];
    for (int r = 0; r < quarter; r++) {
      Arrays.fill(codes, (byte) 0);
      for (int j = 0; j < 4 && j * quarter + r < rows; j++) {
        weights.copyRow(j * quarter + r, row, 0);
        for (int c = 0; c < columns; c++) {
          int trit = (int) Math.clamp(Math.rint(row[c] * s), -1, 1);
          codes[c] |= (byte) (trit + 1 << 2 * j);
        }
      }
      MemorySegment.copy(codes, 0, packed, ValueLayout.JAVA_BYTE, (long) r * columns, columns);
    }
    return new TernaryTensor(
        weights.name(), TernaryLayout.ROW_QUARTERS, rows, columns, interleavedHead, packed);
  }
}

package io.github.bitnet4j.core.tools;

import io.github.bitnet4j.core.format.DenseEncoder;
import io.github.bitnet4j.core.format.TensorContent;
import io.github.bitnet4j.core.format.WeightSource;
import io.github.bitnet4j.spi.DenseMatrix;
import io.github.bitnet4j.spi.DenseType;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;

/** A dense matrix on its way from one file to another, verified row by row. */
final class DenseContent implements TensorContent {
  private final WeightSource source;
  private final DenseMatrix matrix;
  private final DenseType type;
  private final List<String> warnings;

  /**
   * Creates the content.
   *
   * @param type what it is written as; if it is the matrix's own type its bytes are copied
   * @param warnings hears if values are rounded
   */
  DenseContent(WeightSource source, DenseMatrix matrix, DenseType type, List<String> warnings) {
    this.source = source;
    this.matrix = matrix;
    this.type = type;
    this.warnings = warnings;
  }

  @Override
  public void writeTo(OutputStream out) throws IOException {
    float[] row = new float[matrix.columns()];
    boolean same = type == matrix.type();
    DenseEncoder encoder = new DenseEncoder(same ? DenseType.F32 : type, matrix.columns());
    for (int r = 0; r < matrix.rows(); r++) {
      matrix.copyRow(r, row, 0);
      for (float value : row) {
        if (!Float.isFinite(value)) {
          throw source.problem(
              matrix.name(),
              "expected finite values, found %s in row %d; the weights are damaged"
                  .formatted(value, r));
        }
      }
      if (!same) {
        out.write(encoder.encode(row));
        if (encoder.overflowed()) {
          throw source.problem(
              matrix.name(),
              "expected values within the range of %s, found a larger one in row %d; choose another embedding type"
                  .formatted(type, r));
        }
      }
    }
    if (encoder.roundedCount() > 0) {
      warnings.add(
          "%s: %d of %d values were rounded to %s; logits differ a little"
              .formatted(
                  matrix.name(),
                  encoder.roundedCount(),
                  (long) matrix.rows() * matrix.columns(),
                  type));
    }
    if (same) {
      TensorContent.of(matrix.data()).writeTo(out);
    }
  }
}

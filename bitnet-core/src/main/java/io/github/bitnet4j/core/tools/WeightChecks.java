package io.github.bitnet4j.core.tools;

import io.github.bitnet4j.core.format.TensorNames;
import io.github.bitnet4j.core.format.WeightSource;
import io.github.bitnet4j.core.format.WeightSource.Linear;
import io.github.bitnet4j.core.format.WeightSource.Masters;
import io.github.bitnet4j.core.format.WeightSource.Norm;
import io.github.bitnet4j.core.format.WeightSource.Packed;
import io.github.bitnet4j.core.tools.Inspection.TritCounts;
import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.core.weights.ModelConfig.ScaleRule;
import io.github.bitnet4j.spi.DenseMatrix;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** Checks of weights that a loader accepts: values that are possible, but unlikely. */
final class WeightChecks {
  private static final double LEAST_ZEROS = 0.05;
  private static final double MOST_ZEROS = 0.95;
  private static final double MOST_ZERO_ROWS = 0.1;

  /**
   * Mean magnitudes of the query projections of bitnet-b1.58-2B-4T by layer, from its published
   * master weights. They are the scales of its packed weights.
   */
  private static final Map<Integer, Double> BITNET_2B_QUERY_SCALES =
      Map.of(0, 1.219, 5, 1.29, 10, 1.60, 15, 1.68, 20, 1.84, 25, 1.47, 29, 1.13);

  /** Mean distance of the logarithms up to which scales count as those: within about 10 %. */
  private static final double SCALE_TOLERANCE = 0.1;

  private final ModelSource source;
  private final ModelConfig config;
  private final Findings findings;
  private float smallestScale = Float.POSITIVE_INFINITY;
  private float largestScale;
  private final Map<Integer, Double> queryScales = new HashMap<>();

  private WeightChecks(ModelSource source, Findings findings) {
    this.source = source;
    this.findings = findings;
    config = source.config();
  }

  static void check(ModelSource source, Findings findings) throws IOException {
    WeightChecks checks = new WeightChecks(source, findings);
    checks.checkLinears();
    checks.checkScales();
    checks.checkNorms();
    checks.checkRows("embedding", source.files().weights().embedding());
    if (!source.config().tiedHead()) {
      checks.checkRows("head", source.files().weights().head());
    }
  }

  private void checkLinears() throws IOException {
    DenseLinearChecks dense = new DenseLinearChecks();
    for (int layer = 0; layer < config.numLayers(); layer++) {
      for (Linear which : Linear.values()) {
        if (source.files().weights().linear(layer, which) instanceof Masters masters) {
          dense.add(masters);
        }
        try (Arena memory = Arena.ofConfined()) {
          Packed packed = source.files().trits(layer, which, memory);
          TritCounts counts = ModelInspector.counts(packed.trits());
          checkZeros(packed.name(), counts);
          addScale(layer, which, packed.scale());
        }
      }
    }
    dense.report(findings);
  }

  private void checkZeros(String name, TritCounts counts) {
    double share = counts.zeroShare();
    if (share < LEAST_ZEROS || share > MOST_ZEROS) {
      findings.warning(
          name,
          String.format(
              Locale.ROOT,
              "%.1f %% of its weights are zero; trained BitNet layers have 30 to 60 %%. The file"
                  + " may be packed in another way or cut off; compare with the original",
              100 * share));
    }
    double both = (double) counts.plus() + counts.minus();
    if (both > 1000 && Math.abs(counts.plus() - counts.minus()) > both / 2) {
      findings.warning(
          name,
          "it has %d weights of +1 and %d of -1, and trained layers about as many of each. The file may be packed in another way"
              .formatted(counts.plus(), counts.minus()));
    }
  }

  private void addScale(int layer, Linear which, float stored) {
    float scale = config.scaleRule() == ScaleRule.DIVIDE ? 1 / stored : stored;
    smallestScale = Math.min(smallestScale, scale);
    largestScale = Math.max(largestScale, scale);
    if (which == Linear.Q) {
      queryScales.put(layer, (double) scale);
    }
  }

  /**
   * A scale and its reciprocal look alike, and only the right one makes a model. The right ones are
   * known for the model that is converted most; some converters of it write reciprocals.
   */
  private void checkScales() {
    if (isBitnet2b() && isThatOfBitnet2b(queryScales, -1)) {
      findings.error(
          TensorNames.gguf(0, Linear.Q) + " and others",
          "the weight scales are the reciprocals of those of bitnet-b1.58-2B-4T: a converter"
              + " divided where this model multiplies. It would write gibberish; use the official"
              + " file or directory");
      return;
    }
    findings.info(
        "weight scales",
        String.format(
            Locale.ROOT,
            "magnitudes from %.4g to %.4g%s",
            smallestScale,
            largestScale,
            isBitnet2b() && isThatOfBitnet2b(queryScales, 1)
                ? ", as bitnet-b1.58-2B-4T has them"
                : "; a file does not tell if these are reciprocals"));
    if (largestScale / smallestScale > 1e4) {
      findings.warning(
          "weight scales",
          "they differ by a factor of more than 10000 between layers; one may be damaged");
    }
  }

  /**
   * Returns whether scales are those of bitnet-b1.58-2B-4T.
   *
   * @param queryScales of the query projections by layer
   * @param power 1 for the scales themselves, -1 for their reciprocals
   */
  static boolean isThatOfBitnet2b(Map<Integer, Double> queryScales, int power) {
    double distance = 0;
    for (Map.Entry<Integer, Double> known : BITNET_2B_QUERY_SCALES.entrySet()) {
      double scale = queryScales.getOrDefault(known.getKey(), 0.0);
      distance += Math.abs(power * Math.log(scale) - Math.log(known.getValue()));
    }
    return distance / BITNET_2B_QUERY_SCALES.size() < SCALE_TOLERANCE;
  }

  private boolean isBitnet2b() {
    return config.subNorms()
        && config.hiddenSize() == 2560
        && config.numLayers() == 30
        && config.vocabSize() == 128_256;
  }

  private void checkNorms() throws IOException {
    WeightSource weights = source.files().weights();
    checkNorm(weights.finalNorm());
    for (int layer = 0; layer < config.numLayers(); layer++) {
      for (Norm which : Norm.values()) {
        if (config.subNorms() || which == Norm.INPUT || which == Norm.POST_ATTENTION) {
          checkNorm(weights.norm(layer, which));
        }
      }
    }
  }

  private void checkNorm(DenseMatrix norm) {
    float[] values = new float[norm.columns()];
    norm.copyRow(0, values, 0);
    for (float value : values) {
      if (value != 0) {
        return;
      }
    }
    findings.warning(
        norm.name(), "all its weights are zero, which silences the layer; it may be damaged");
  }

  private void checkRows(String subject, DenseMatrix matrix) {
    float[] row = new float[matrix.columns()];
    int zeroRows = 0;
    for (int r = 0; r < matrix.rows(); r++) {
      matrix.copyRow(r, row, 0);
      boolean zero = true;
      for (float value : row) {
        zero &= value == 0;
      }
      zeroRows += zero ? 1 : 0;
    }
    if (zeroRows > MOST_ZERO_ROWS * matrix.rows()) {
      findings.warning(
          subject,
          "%d of %d rows are all zero: these tokens mean nothing to the model, which may be cut off"
              .formatted(zeroRows, matrix.rows()));
    } else if (zeroRows > 0) {
      findings.info(subject, zeroRows + " rows are all zero, as of unused tokens");
    }
  }
}

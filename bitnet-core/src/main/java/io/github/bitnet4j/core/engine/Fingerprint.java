package io.github.bitnet4j.core.engine;

import io.github.bitnet4j.core.compute.WorkerKernels;
import io.github.bitnet4j.core.weights.LayerWeights;
import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.core.weights.ModelWeights;
import io.github.bitnet4j.core.weights.RmsNorm;
import io.github.bitnet4j.core.weights.TernaryWeight;
import io.github.bitnet4j.spi.DenseMatrix;
import io.github.bitnet4j.spi.TernaryMatrix;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Distinguishes models whose keys and values differ: a SHA-256 digest of the sizes and rules, all
 * norms and scales, some rows of embedding and head, and the product of each ternary matrix with a
 * fixed int8 vector that has no zeros.
 *
 * <p>Such a product is exact, so it is the same for all kernels and layouts, and whatever file the
 * weights came from; and one trit that differs changes it. Computing it takes no longer than a pass
 * over one token by the same kernels, on one thread.
 */
final class Fingerprint {
  /** Rows of embedding and head that count, evenly spaced. */
  private static final int SAMPLED_ROWS = 64;

  private final MessageDigest digest;
  private final WorkerKernels kernels;

  private Fingerprint(WorkerKernels kernels) {
    this.kernels = kernels;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  /**
   * Computes the fingerprint of a model.
   *
   * @param kernels those that the weights were prepared for
   */
  static byte[] of(ModelConfig config, ModelWeights weights, WorkerKernels kernels) {
    Fingerprint fingerprint = new Fingerprint(kernels);
    fingerprint.add(config);
    for (LayerWeights layer : weights.layers()) {
      fingerprint.add(layer);
    }
    fingerprint.add(weights.finalNorm());
    fingerprint.add(weights.embedding());
    fingerprint.add(weights.head());
    return fingerprint.digest.digest();
  }

  private void add(ModelConfig config) {
    add(
        config.hiddenSize(),
        config.intermediateSize(),
        config.numLayers(),
        config.numHeads(),
        config.numKvHeads(),
        config.headDim(),
        config.vocabSize(),
        Float.floatToRawIntBits(config.normEpsilon()),
        Float.floatToRawIntBits(config.ropeTheta()),
        Float.floatToRawIntBits(config.linearNormEpsilon()));
    String rules = config.activation() + " " + config.scaleRule() + " " + config.subNorms();
    digest.update(rules.getBytes(StandardCharsets.UTF_8));
  }

  private void add(LayerWeights layer) {
    add(layer.inputNorm());
    add(layer.qProj());
    add(layer.kProj());
    add(layer.vProj());
    add(layer.attentionSubNorm());
    add(layer.oProj());
    add(layer.postAttentionNorm());
    add(layer.gateProj());
    add(layer.upProj());
    add(layer.feedForwardSubNorm());
    add(layer.downProj());
  }

  private void add(@Nullable RmsNorm norm) {
    if (norm != null) {
      add(norm.weight());
    }
  }

  private void add(TernaryWeight weight) {
    TernaryMatrix matrix = weight.matrix();
    byte[] x = new byte[matrix.columns()];
    Random random = new Random(x.length);
    for (int i = 0; i < x.length; i++) {
      int magnitude = 1 + random.nextInt(127);
      x[i] = (byte) (random.nextBoolean() ? magnitude : -magnitude);
    }
    int[] products = new int[matrix.rows()];
    kernels.ternaryMatMul(matrix, x, 1, products, 0, matrix.units());
    add(products);
    add(Float.floatToRawIntBits(weight.scale()));
    add(weight.inputNorm());
  }

  private void add(DenseMatrix matrix) {
    float[] row = new float[matrix.columns()];
    for (int i = 0; i < SAMPLED_ROWS; i++) {
      matrix.copyRow((int) ((long) matrix.rows() * i / SAMPLED_ROWS), row, 0);
      add(row);
    }
  }

  private void add(float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToRawIntBits(values[i]);
    }
    add(bits);
  }

  private void add(int... values) {
    ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * values.length);
    bytes.asIntBuffer().put(values);
    digest.update(bytes);
  }
}

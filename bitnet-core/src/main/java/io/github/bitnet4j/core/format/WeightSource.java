package io.github.bitnet4j.core.format;

import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.spi.DenseMatrix;
import io.github.bitnet4j.spi.TernaryTensor;
import org.jspecify.annotations.Nullable;

/**
 * Where a model's weights come from: one implementation for each kind of model file. It finds each
 * tensor and checks its type and shape against the configuration; {@link WeightLoader} checks the
 * values.
 */
public interface WeightSource {
  /** The linear layers of a block. */
  enum Linear {
    Q,
    K,
    V,
    O,
    GATE,
    UP,
    DOWN;

    /** Returns the number of output features. */
    public int rows(ModelConfig config) {
      return switch (this) {
        case Q -> config.queryWidth();
        case K, V -> config.kvWidth();
        case O, DOWN -> config.hiddenSize();
        case GATE, UP -> config.intermediateSize();
      };
    }

    /** Returns the number of input features. */
    public int columns(ModelConfig config) {
      return switch (this) {
        case Q, K, V, GATE, UP -> config.hiddenSize();
        case O -> config.queryWidth();
        case DOWN -> config.intermediateSize();
      };
    }
  }

  /** The norms of a block. */
  enum Norm {
    INPUT,
    ATTENTION_SUB,
    POST_ATTENTION,
    FEED_FORWARD_SUB;

    /** Returns the number of features. */
    public int width(ModelConfig config) {
      return switch (this) {
        case INPUT, POST_ATTENTION -> config.hiddenSize();
        case ATTENTION_SUB -> config.queryWidth();
        case FEED_FORWARD_SUB -> config.intermediateSize();
      };
    }
  }

  /** A linear layer as stored. */
  sealed interface StoredLinear {
    /** Returns the name of the weight tensor. */
    String name();

    /** Returns the number of stored bytes. */
    long bytes();
  }

  /**
   * A linear layer stored as trits.
   *
   * @param scale as stored, not yet checked
   */
  record Packed(TernaryTensor trits, float scale) implements StoredLinear {
    @Override
    public String name() {
      return trits.name();
    }

    @Override
    public long bytes() {
      return trits.data().byteSize();
    }
  }

  /** How dense weights of a linear layer become trits. */
  enum MasterRule {
    /** Quantized by the absolute mean: the model declares them master weights. */
    QUANTIZE,
    /** Recovered if they are trits times one scale, otherwise quantized by the absolute mean. */
    RECOVER_OR_QUANTIZE,
    /** Recovered; refused if they are not trits times one scale. */
    RECOVER,
    /**
     * Recovered, or quantized by the absolute mean because the caller asked for it. Trits with
     * several scales are refused: their absolute mean is none of these scales.
     */
    ON_REQUEST
  }

  /**
   * A linear layer stored as dense weights, to be turned into trits at load.
   *
   * @param rule how they become trits
   * @param interleavedHead the order of the rows, see {@link TernaryTensor}
   */
  record Masters(DenseMatrix weights, MasterRule rule, int interleavedHead)
      implements StoredLinear {
    @Override
    public String name() {
      return weights.name();
    }

    @Override
    public long bytes() {
      return weights.data().byteSize();
    }
  }

  /** Returns a linear layer of a block. */
  StoredLinear linear(int layer, Linear which) throws ModelFormatException;

  /** Returns the weight of the norm inside a linear layer, one row; null if it has none. */
  @Nullable DenseMatrix linearNorm(int layer, Linear which) throws ModelFormatException;

  /** Returns the weight of a norm of a block: one row. */
  DenseMatrix norm(int layer, Norm which) throws ModelFormatException;

  /** Returns the weight of the final norm: one row. */
  DenseMatrix finalNorm() throws ModelFormatException;

  /** Returns the embedding, {@code [vocabSize x hiddenSize]}. */
  DenseMatrix embedding() throws ModelFormatException;

  /** Returns the LM head, {@code [vocabSize x hiddenSize]}; the embedding itself if tied. */
  DenseMatrix head() throws ModelFormatException;

  /**
   * Checks that no linear layer is left over that the configuration does not explain: such a file
   * is not the model it says it is.
   */
  void checkNothingLeft() throws ModelFormatException;

  /**
   * Returns the choices of the caller that change what the stored weights mean; empty if there are
   * none. Weights that were prepared under one rule must not be used under another.
   */
  String readingRule();

  /** Returns an exception about a stored tensor, to be thrown. */
  ModelFormatException problem(String tensor, String problem);

  /** Returns the size of the weight files. */
  long fileBytes();
}

package io.github.bitnet4j.core.tools;

import io.github.bitnet4j.LoadOptions.ProgressListener;
import io.github.bitnet4j.core.format.GgufType;
import io.github.bitnet4j.spi.DenseType;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How a model is converted. Immutable and thread-safe.
 *
 * <pre>{@code
 * ConvertOptions options =
 *     ConvertOptions.builder().target(Target.TQ2_0).embedding(Embedding.F16).build();
 * }</pre>
 */
public final class ConvertOptions {
  /** What a model is converted to. */
  public enum Target {
    /** A GGUF file of bitnet.cpp's type: 2 bits a weight and a float32 scale. Rows of 128. */
    I2_S(GgufType.I2_S),
    /** A GGUF file of ggml's type: 2.06 bits a weight, half precision scales. Rows of 256. */
    TQ2_0(GgufType.TQ2_0),
    /** A GGUF file of ggml's type: 1.69 bits a weight, half precision scales. Rows of 256. */
    TQ1_0(GgufType.TQ1_0),
    /** A Hugging Face directory with packed weights. */
    HUGGING_FACE(null);

    private final Optional<GgufType> type;

    Target(@Nullable GgufType type) {
      this.type = Optional.ofNullable(type);
    }

    Optional<GgufType> type() {
      return type;
    }
  }

  /** How the embedding, and a head that is not tied to it, are stored. */
  public enum Embedding {
    F32(DenseType.F32),
    F16(DenseType.F16),
    BF16(DenseType.BF16),
    /** 8.5 bits a weight; GGUF only. */
    Q8_0(DenseType.Q8_0),
    /** 6.56 bits a weight; GGUF only. */
    Q6_K(DenseType.Q6_K);

    private final DenseType type;

    Embedding(DenseType type) {
      this.type = type;
    }

    DenseType type() {
      return type;
    }
  }

  private final Target target;
  private final Optional<Embedding> embedding;
  private final boolean overwrite;
  private final boolean armI2sLayout;
  private final boolean quantizeMasters;
  private final ProgressListener progress;

  private ConvertOptions(Builder builder) {
    target = builder.target;
    embedding = builder.embedding;
    overwrite = builder.overwrite;
    armI2sLayout = builder.armI2sLayout;
    quantizeMasters = builder.quantizeMasters;
    progress = builder.progress;
  }

  /** Returns a builder: I2_S, embedding as it is, nothing overwritten. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns what the model is converted to. */
  public Target target() {
    return target;
  }

  /** Returns how embedding and head are stored; empty for as they are. */
  public Optional<Embedding> embedding() {
    return embedding;
  }

  /** Returns whether a file or directory at the output path is replaced. */
  public boolean overwrite() {
    return overwrite;
  }

  /** Returns whether I2_S tensors of the input are in the layout written on ARM machines. */
  public boolean armI2sLayout() {
    return armI2sLayout;
  }

  /**
   * Returns whether float weights of an input that does not declare itself BitNet are quantized.
   */
  public boolean quantizeMasters() {
    return quantizeMasters;
  }

  /** Returns who hears of the progress. */
  public ProgressListener progress() {
    return progress;
  }

  /** Collects options. Not thread-safe. */
  public static final class Builder {
    private Target target = Target.I2_S;
    private Optional<Embedding> embedding = Optional.empty();
    private boolean overwrite;
    private boolean armI2sLayout;
    private boolean quantizeMasters;
    private ProgressListener progress = (done, total) -> {};

    private Builder() {}

    /** Sets what the model is converted to; {@link Target#I2_S} if not set. */
    public Builder target(Target target) {
      this.target = Objects.requireNonNull(target, "target");
      return this;
    }

    /**
     * Sets how the embedding, and a head that is not tied to it, are stored. If not set they keep
     * their type, so that no value changes; for a Hugging Face directory the block types of GGUF
     * become F32.
     */
    public Builder embedding(Embedding embedding) {
      this.embedding = Optional.of(embedding);
      return this;
    }

    /** Sets whether a file or model directory at the output path is replaced; false if not set. */
    public Builder overwrite(boolean overwrite) {
      this.overwrite = overwrite;
      return this;
    }

    /**
     * Sets whether I2_S tensors of the input are in the layout written on ARM machines, see {@link
     * io.github.bitnet4j.LoadOptions.Builder#armI2sLayout}. Output always has the usual layout.
     */
    public Builder armI2sLayout(boolean armI2sLayout) {
      this.armI2sLayout = armI2sLayout;
      return this;
    }

    /**
     * Sets whether float weights of an input that does not declare itself BitNet are quantized to
     * trits, see {@link io.github.bitnet4j.LoadOptions.Builder#quantizeMasters}; false if not set.
     */
    public Builder quantizeMasters(boolean quantizeMasters) {
      this.quantizeMasters = quantizeMasters;
      return this;
    }

    /**
     * Sets who hears of the progress: called on the converting thread with the bytes written and
     * verified so far. An exception it throws ends the conversion and leaves nothing behind.
     */
    public Builder progress(ProgressListener listener) {
      this.progress = Objects.requireNonNull(listener, "listener");
      return this;
    }

    /**
     * Returns the options.
     *
     * @throws IllegalArgumentException if the embedding cannot be stored so in the target
     */
    public ConvertOptions build() {
      boolean gguf = target != Target.HUGGING_FACE;
      if (!gguf && embedding.isPresent() && embedding.get().type.blockSize() > 1) {
        throw new IllegalArgumentException(
            "embedding: expected F32, F16 or BF16 for a Hugging Face directory, found "
                + embedding.get());
      }
      return new ConvertOptions(this);
    }
  }
}

package io.github.bitnet4j;

import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How a model is loaded. Immutable and thread-safe.
 *
 * <pre>{@code
 * LoadOptions options = LoadOptions.builder().threads(2).contextLength(1024).build();
 * }</pre>
 */
public final class LoadOptions {
  /** The largest number of threads a model may use. */
  public static final int MAX_THREADS = 1024;

  private static final LoadOptions DEFAULTS = builder().build();

  private final Optional<String> kernels;
  private final OptionalInt threads;
  private final OptionalInt contextLength;
  private final KvCacheType kvCache;
  private final ProgressListener progress;
  private final boolean copyWeights;
  private final boolean armI2sLayout;
  private final boolean quantizeMasters;
  private final boolean headScreening;
  private final Optional<Path> preparedFile;

  private LoadOptions(Builder builder) {
    kernels = builder.kernels;
    threads = builder.threads;
    contextLength = builder.contextLength;
    kvCache = builder.kvCache;
    progress = builder.progress;
    copyWeights = builder.copyWeights;
    armI2sLayout = builder.armI2sLayout;
    quantizeMasters = builder.quantizeMasters;
    headScreening = builder.headScreening;
    preparedFile = builder.preparedFile;
  }

  /** Returns the defaults: best kernels, a thread per processor, the model's own context length. */
  public static LoadOptions defaults() {
    return DEFAULTS;
  }

  /** Returns a builder that starts from the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns the name of the kernel provider to use, if one was chosen. */
  public Optional<String> kernels() {
    return kernels;
  }

  /** Returns the number of threads that compute, the calling one included, if it was set. */
  public OptionalInt threads() {
    return threads;
  }

  /** Returns the largest number of tokens a session can hold, if it was set. */
  public OptionalInt contextLength() {
    return contextLength;
  }

  /** Returns how sessions keep keys and values. */
  public KvCacheType kvCache() {
    return kvCache;
  }

  /** Returns who hears of the progress of loading. */
  public ProgressListener progress() {
    return progress;
  }

  /** Returns whether the weight files are copied into memory instead of mapped. */
  public boolean copyWeights() {
    return copyWeights;
  }

  /** Returns whether I2_S tensors of GGUF files are read in the layout written on ARM machines. */
  public boolean armI2sLayout() {
    return armI2sLayout;
  }

  /**
   * Returns whether float weights of a model that does not declare itself BitNet are quantized.
   *
   * @see Builder#quantizeMasters
   */
  public boolean quantizeMasters() {
    return quantizeMasters;
  }

  /** Returns whether a large LM head gets a copy that makes choosing tokens faster. */
  public boolean headScreening() {
    return headScreening;
  }

  /** Returns where prepared weights are kept for the next time, if anywhere. */
  public Optional<Path> preparedFile() {
    return preparedFile;
  }

  /** Hears how far loading has come. */
  @FunctionalInterface
  public interface ProgressListener {
    /**
     * Called on the loading thread, after every few MB, with {@code done} never falling.
     *
     * @param done bytes of the model file that are verified and prepared
     * @param total bytes of the model file
     */
    void onProgress(long done, long total);
  }

  /** Collects options; every setter checks its value. Not thread-safe. */
  public static final class Builder {
    private Optional<String> kernels = Optional.empty();
    private OptionalInt threads = OptionalInt.empty();
    private OptionalInt contextLength = OptionalInt.empty();
    private KvCacheType kvCache = KvCacheType.F32;
    private ProgressListener progress = (done, total) -> {};
    private boolean copyWeights;
    private boolean armI2sLayout;
    private boolean quantizeMasters;
    private boolean headScreening = true;
    private Optional<Path> preparedFile = Optional.empty();

    private Builder() {}

    /**
     * Names the kernel provider to use, such as {@code scalar} or {@code vector}. If not set, the
     * system property {@code bitnet4j.kernels} decides, else the available provider of the highest
     * priority.
     */
    public Builder kernels(String name) {
      this.kernels = Optional.of(Objects.requireNonNull(name, "name"));
      return this;
    }

    /**
     * Sets the number of threads that compute, the calling one included; the number of processors
     * if not set. It never changes a result.
     *
     * @throws IllegalArgumentException if not from 1 to {@link #MAX_THREADS}
     */
    public Builder threads(int threads) {
      if (threads < 1 || threads > MAX_THREADS) {
        throw new IllegalArgumentException(
            "threads: expected 1 to " + MAX_THREADS + ", found " + threads);
      }
      this.threads = OptionalInt.of(threads);
      return this;
    }

    /**
     * Sets the largest number of tokens a session can hold; the model's own limit if not set.
     *
     * @throws IllegalArgumentException if below 1; a value above the model's limit is refused when
     *     loading
     */
    public Builder contextLength(int tokens) {
      if (tokens < 1) {
        throw new IllegalArgumentException("contextLength: expected 1 or more, found " + tokens);
      }
      this.contextLength = OptionalInt.of(tokens);
      return this;
    }

    /** Sets how sessions keep keys and values; {@link KvCacheType#F32} if not set. */
    public Builder kvCache(KvCacheType type) {
      this.kvCache = Objects.requireNonNull(type, "type");
      return this;
    }

    /** Sets who hears of the progress of loading. */
    public Builder progress(ProgressListener listener) {
      this.progress = Objects.requireNonNull(listener, "listener");
      return this;
    }

    /**
     * Sets whether the weight files are copied into memory outside the heap instead of mapped;
     * false if not set. Mapped, a model takes no memory twice and loads faster. Copied, it does not
     * depend on the files any more. If another process cuts a mapped file short, the next
     * computation throws an {@link InternalError}; while the model is loaded, it is a {@link
     * ModelFormatException}. A file that is replaced by another one of its name does no harm.
     */
    public Builder copyWeights(boolean copyWeights) {
      this.copyWeights = copyWeights;
      return this;
    }

    /**
     * Sets whether I2_S tensors of GGUF files are in the layout that bitnet.cpp writes when it
     * quantizes on an ARM machine; false if not set. Files do not tell; all published ones have the
     * other layout. With the wrong setting a model writes gibberish.
     */
    public Builder armI2sLayout(boolean armI2sLayout) {
      this.armI2sLayout = armI2sLayout;
      return this;
    }

    /**
     * Sets whether float weights of linear layers are quantized to trits by their absolute mean
     * although nothing in the model says that it was trained for this; false if not set.
     *
     * <p>Two kinds of models need it: GGUF files of architecture {@code llama} with master weights
     * of BitNet b1.58 training, and Hugging Face directories without {@code quantization_config},
     * such as fine-tunes saved by a trainer that dropped it. Without the option a GGUF file is
     * accepted only if its float weights are trits times one scale, and such a directory is
     * refused. Models that declare themselves BitNet are not affected.
     *
     * <p>An ordinary float model looks the same. With this option it loads too, and writes
     * gibberish: quantizing to trits needs training. Weights that are trits with several scales are
     * refused in any case.
     */
    public Builder quantizeMasters(boolean quantizeMasters) {
      this.quantizeMasters = quantizeMasters;
      return this;
    }

    /**
     * Sets whether a large LM head (the projection to the vocabulary) gets a copy in int8; true if
     * not set. Each token then reads the copy and the few rows of the head that can matter, instead
     * of the whole head: half of the bytes of a bfloat16 head. The tokens are the same. The copy
     * takes a byte for each weight of the head, and 12 for each of its rows; {@link
     * ModelInfo#preparedBytes} counts it. It is made between the first and the second token that a
     * model chooses, in a fraction of a second, so that the first one need not wait for it; with a
     * {@link #preparedFile} it is made while loading.
     */
    public Builder headScreening(boolean headScreening) {
      this.headScreening = headScreening;
      return this;
    }

    /**
     * Sets where to keep what loading makes of the weights: copies in the layout of the kernels,
     * trits that were quantized from dense weights, the int8 copy of the head. If not set, they are
     * made each time. The next load maps the file, checks it and the model's files by their
     * checksums, and is faster; what is mapped can also leave memory.
     *
     * <p>The file serves one model and one layout of kernels. One that is damaged or was made for
     * another is replaced, and one of another kind is refused. It is written to another name first
     * and has the permissions of any new file, so processes and users can share it. If the path is
     * a link, the file that it leads to is used and replaced. A file that cannot be read or
     * written, a directory, a pipe or a device is left as it is: that is logged once as a warning,
     * and the model is loaded all the same.
     *
     * @param file its folder exists
     */
    public Builder preparedFile(Path file) {
      this.preparedFile = Optional.of(file);
      return this;
    }

    /** Returns the options. */
    public LoadOptions build() {
      return new LoadOptions(this);
    }
  }
}

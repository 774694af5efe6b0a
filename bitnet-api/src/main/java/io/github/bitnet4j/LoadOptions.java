package io.github.bitnet4j;

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
  private final ProgressListener progress;

  private LoadOptions(Builder builder) {
    kernels = builder.kernels;
    threads = builder.threads;
    contextLength = builder.contextLength;
    progress = builder.progress;
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

  /** Returns who hears of the progress of loading. */
  public ProgressListener progress() {
    return progress;
  }

  /** Hears how far loading has come. */
  @FunctionalInterface
  public interface ProgressListener {
    /**
     * Called on the loading thread, at most some hundred times, with {@code done} never falling.
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
    private ProgressListener progress = (done, total) -> {};

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

    /** Sets who hears of the progress of loading. */
    public Builder progress(ProgressListener listener) {
      this.progress = Objects.requireNonNull(listener, "listener");
      return this;
    }

    /** Returns the options. */
    public LoadOptions build() {
      return new LoadOptions(this);
    }
  }
}

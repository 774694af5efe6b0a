package io.github.bitnet4j;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * When a generation stops and how its tokens are chosen. Immutable and thread-safe.
 *
 * <p>Tokens are chosen in this order: logits are divided by the temperature; the {@code topK}
 * largest are kept; of those the fewest whose probabilities reach {@code topP} are kept; one is
 * drawn. At temperature 0 the largest logit wins. Equal logits: the lower id comes first.
 *
 * <pre>{@code
 * GenerationConfig config =
 *     GenerationConfig.builder()
 *         .maxTokens(100)
 *         .temperature(0.7f)
 *         .topP(0.9f)
 *         .seed(42)
 *         .stop("\n\n")
 *         .build();
 * }</pre>
 */
public final class GenerationConfig {
  private static final GenerationConfig DEFAULTS = builder().build();

  private final int maxTokens;
  private final float temperature;
  private final int topK;
  private final float topP;
  private final OptionalLong seed;
  private final List<String> stop;
  private final boolean ignoreStopTokens;
  private final Optional<Sampler> sampler;
  private final boolean speculation;

  private GenerationConfig(Builder builder) {
    maxTokens = builder.maxTokens;
    temperature = builder.temperature;
    topK = builder.topK;
    topP = builder.topP;
    seed = builder.seed;
    stop = builder.stop;
    ignoreStopTokens = builder.ignoreStopTokens;
    sampler = builder.sampler;
    speculation = builder.speculation;
  }

  /** Returns the defaults: greedy, at most 256 tokens, ending at the model's stop tokens. */
  public static GenerationConfig defaults() {
    return DEFAULTS;
  }

  /** Returns a builder that starts from the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns the largest number of tokens to generate. */
  public int maxTokens() {
    return maxTokens;
  }

  /** Returns the temperature; 0 means greedy. */
  public float temperature() {
    return temperature;
  }

  /** Returns how many of the largest logits are kept; 0 means all. */
  public int topK() {
    return topK;
  }

  /** Returns the probability that the kept tokens reach together; 1 means all. */
  public float topP() {
    return topP;
  }

  /** Returns the seed, if one was set; otherwise each generation draws its own and reports it. */
  public OptionalLong seed() {
    return seed;
  }

  /** Returns the texts that end a generation when they appear. */
  public List<String> stop() {
    return stop;
  }

  /** Returns whether generation goes on after the model's stop tokens. */
  public boolean ignoreStopTokens() {
    return ignoreStopTokens;
  }

  /** Returns the application's own sampler, which replaces temperature, top-k and top-p. */
  public Optional<Sampler> sampler() {
    return sampler;
  }

  /** Returns whether tokens that repeat earlier text may be computed ahead. */
  public boolean speculation() {
    return speculation;
  }

  @Override
  public String toString() {
    return "GenerationConfig[maxTokens=%d, temperature=%s, topK=%d, topP=%s, seed=%s, stop=%s]"
        .formatted(maxTokens, temperature, topK, topP, seed, stop);
  }

  /** Collects settings; every setter checks its value. Not thread-safe. */
  public static final class Builder {
    private int maxTokens = 256;
    private float temperature;
    private int topK;
    private float topP = 1;
    private OptionalLong seed = OptionalLong.empty();
    private List<String> stop = List.of();
    private boolean ignoreStopTokens;
    private Optional<Sampler> sampler = Optional.empty();
    private boolean speculation;

    private Builder() {}

    /**
     * Sets the largest number of tokens to generate; 256 if not set.
     *
     * @throws IllegalArgumentException if below 1
     */
    public Builder maxTokens(int maxTokens) {
      check(maxTokens >= 1, "maxTokens", "1 or more", maxTokens);
      this.maxTokens = maxTokens;
      return this;
    }

    /**
     * Sets the temperature; 0, greedy, if not set.
     *
     * @throws IllegalArgumentException if negative, infinite or NaN
     */
    public Builder temperature(float temperature) {
      check(
          temperature >= 0 && temperature < Float.POSITIVE_INFINITY,
          "temperature",
          "a finite number, 0 or more",
          temperature);
      this.temperature = temperature;
      return this;
    }

    /**
     * Keeps only the {@code topK} largest logits; 0, all, if not set.
     *
     * @throws IllegalArgumentException if negative
     */
    public Builder topK(int topK) {
      check(topK >= 0, "topK", "0 or more", topK);
      this.topK = topK;
      return this;
    }

    /**
     * Keeps the fewest most probable tokens whose probabilities add up to at least {@code topP}; 1,
     * all, if not set.
     *
     * @throws IllegalArgumentException if not above 0 and at most 1
     */
    public Builder topP(float topP) {
      check(topP > 0 && topP <= 1, "topP", "above 0 and at most 1", topP);
      this.topP = topP;
      return this;
    }

    /** Sets the seed of the random draws. The same seed gives the same text on any machine. */
    public Builder seed(long seed) {
      this.seed = OptionalLong.of(seed);
      return this;
    }

    /**
     * Sets the texts that end a generation when they appear in it; none if not set.
     *
     * @throws IllegalArgumentException if one is empty
     */
    public Builder stop(String... stop) {
      for (String s : stop) {
        check(!s.isEmpty(), "stop", "no empty strings", "\"\"");
      }
      this.stop = List.of(stop);
      return this;
    }

    /** Sets whether generation goes on after the model's stop tokens; false if not set. */
    public Builder ignoreStopTokens(boolean ignoreStopTokens) {
      this.ignoreStopTokens = ignoreStopTokens;
      return this;
    }

    /** Sets the application's own sampler, which replaces temperature, top-k and top-p. */
    public Builder sampler(Sampler sampler) {
      this.sampler = Optional.of(Objects.requireNonNull(sampler, "sampler"));
      return this;
    }

    /**
     * Sets whether tokens that repeat earlier text may be guessed and computed together; false if
     * not set. The same tokens come either way. It is meant for texts that repeat their prompt or
     * themselves; how much it gains depends on what a pass of several rows costs on the machine.
     */
    public Builder speculation(boolean speculation) {
      this.speculation = speculation;
      return this;
    }

    /** Returns the settings. */
    public GenerationConfig build() {
      return new GenerationConfig(this);
    }

    private static void check(boolean ok, String setting, String expected, Object found) {
      if (!ok) {
        throw new IllegalArgumentException(setting + ": expected " + expected + ", found " + found);
      }
    }
  }
}

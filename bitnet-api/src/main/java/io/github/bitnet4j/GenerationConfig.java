package io.github.bitnet4j;

import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * When a generation stops and how its tokens are chosen. Immutable and thread-safe.
 *
 * <p><b>How a token is chosen.</b> What is not set does nothing.
 *
 * <ol>
 *   <li>The {@link LogitsProcessor}s change the logits, in their order; then {@code logitBias} is
 *       added; then all but {@code allowedIds} and all {@code bannedIds} are masked. So processors
 *       see what the model says, and nothing brings back a banned token. What is masked takes no
 *       part in what follows.
 *   <li>The steps of {@link SamplingStep} follow in the order of {@code samplingOrder}: if that is
 *       not set, penalties, DRY, temperature, top-n-sigma, top-k, typical-p, top-p, min-p, XTC.
 *   <li>One of the tokens that are left is drawn by their probabilities, or by {@link Mirostat}.
 * </ol>
 *
 * <p>At temperature 0 the largest logit after step 1, penalties and DRY wins; the steps that cut,
 * and Mirostat, have no part in it. Equal logits: the lower id comes first. The same seed gives the
 * same text on any machine, with any kernels and number of threads.
 *
 * <p>If nothing is left because all tokens are masked, or a processor makes a NaN, the generation
 * ends with an {@link IllegalStateException}; if the model does, with a {@link
 * NonFiniteValueException}. No token is chosen then.
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
  private final float minP;
  private final float typicalP;
  private final float topNSigma;
  private final Penalties penalties;
  private final Dry dry;
  private final Xtc xtc;
  private final Optional<Mirostat> mirostat;
  private final Map<Integer, Float> logitBias;
  private final int[] bannedIds;
  private final int[] allowedIds;
  private final List<LogitsProcessor> logitsProcessors;
  private final List<SamplingStep> samplingOrder;
  private final Optional<Sampler> sampler;
  private final boolean speculation;
  private final OverflowPolicy overflow;
  private final int keepTokens;
  private final int[] stopIds;
  private final Optional<Duration> timeLimit;
  private final Optional<PrefillListener> onPrefill;
  private final OptionalInt logprobs;
  private final OptionalInt promptLogprobs;
  private final Optional<OutputConstraint> constraint;

  private GenerationConfig(Builder builder) {
    maxTokens = builder.maxTokens;
    temperature = builder.temperature;
    topK = builder.topK;
    topP = builder.topP;
    seed = builder.seed;
    stop = builder.stop;
    ignoreStopTokens = builder.ignoreStopTokens;
    minP = builder.minP;
    typicalP = builder.typicalP;
    topNSigma = builder.topNSigma;
    penalties = builder.penalties;
    dry = builder.dry;
    xtc = builder.xtc;
    mirostat = builder.mirostat;
    logitBias = Collections.unmodifiableMap(new TreeMap<>(builder.logitBias));
    bannedIds = builder.bannedIds;
    allowedIds = builder.allowedIds;
    logitsProcessors = builder.logitsProcessors;
    samplingOrder = builder.samplingOrder;
    sampler = builder.sampler;
    speculation = builder.speculation;
    overflow = builder.overflow;
    keepTokens = builder.keepTokens;
    stopIds = builder.stopIds;
    timeLimit = builder.timeLimit;
    onPrefill = builder.onPrefill;
    logprobs = builder.logprobs;
    promptLogprobs = builder.promptLogprobs;
    constraint = builder.constraint;
  }

  /** Returns the defaults: greedy, at most 256 tokens, ending at the model's stop tokens. */
  public static GenerationConfig defaults() {
    return DEFAULTS;
  }

  /** Returns a builder that starts from the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns a builder that starts from these settings. */
  public Builder toBuilder() {
    return new Builder(this);
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

  /**
   * Returns the seed, if one was set; otherwise each generation draws its own, 0 to 2^53 - 1, and
   * reports it.
   */
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

  /** Returns the ids that end a generation besides the model's stop tokens, ascending: a copy. */
  public int[] stopIds() {
    return stopIds.clone();
  }

  /** Returns how long a generation may take from its call on, if it is limited. */
  public Optional<Duration> timeLimit() {
    return timeLimit;
  }

  /** Returns what hears how much of the prompt has been processed, if anything. */
  public Optional<PrefillListener> onPrefill() {
    return onPrefill;
  }

  /** Returns how many alternatives tokens come with, if they come with log probabilities. */
  public OptionalInt logprobs() {
    return logprobs;
  }

  /** Returns the same of the prompt's tokens. */
  public OptionalInt promptLogprobs() {
    return promptLogprobs;
  }

  /** Returns the part of the largest probability that a token must reach; 0 means none. */
  public float minP() {
    return minP;
  }

  /** Returns the probability that the kept typical tokens reach together; 1 means all. */
  public float typicalP() {
    return typicalP;
  }

  /** Returns how many standard deviations below the largest logit are kept; 0 means all. */
  public float topNSigma() {
    return topNSigma;
  }

  /** Returns the penalties on tokens that occurred lately. */
  public Penalties penalties() {
    return penalties;
  }

  /** Returns the penalty on continuing a repetition. */
  public Dry dry() {
    return dry;
  }

  /** Returns how the most probable tokens are removed now and then. */
  public Xtc xtc() {
    return xtc;
  }

  /** Returns what replaces the draw by probabilities, if anything. */
  public Optional<Mirostat> mirostat() {
    return mirostat;
  }

  /** Returns what is added to logits, by token id in ascending order; unmodifiable. */
  public Map<Integer, Float> logitBias() {
    return logitBias;
  }

  /** Returns the ids that are never chosen, ascending: a copy. */
  public int[] bannedIds() {
    return bannedIds.clone();
  }

  /** Returns the only ids that are chosen, ascending, or none if any may be: a copy. */
  public int[] allowedIds() {
    return allowedIds.clone();
  }

  /** Returns what changes the logits before all else; unmodifiable. */
  public List<LogitsProcessor> logitsProcessors() {
    return logitsProcessors;
  }

  /** Returns the order of the steps; unmodifiable. */
  public List<SamplingStep> samplingOrder() {
    return samplingOrder;
  }

  /** Returns whether a step is asked for by its setting. */
  public boolean uses(SamplingStep step) {
    return switch (step) {
      case PENALTIES -> penalties.isActive();
      case DRY -> dry.isActive();
      case TEMPERATURE -> temperature > 0 && temperature != 1;
      case TOP_N_SIGMA -> topNSigma > 0;
      case TOP_K -> topK > 0;
      case TYPICAL_P -> typicalP < 1;
      case TOP_P -> topP < 1;
      case MIN_P -> minP > 0;
      case XTC -> xtc.isActive();
    };
  }

  /** Returns the application's own sampler, if there is one. */
  public Optional<Sampler> sampler() {
    return sampler;
  }

  /** Returns whether tokens that repeat earlier text may be computed ahead. */
  public boolean speculation() {
    return speculation;
  }

  /** Returns what happens when the context is full. */
  public OverflowPolicy overflow() {
    return overflow;
  }

  /** Returns how many of the first tokens stay in a window that shifts. */
  public int keepTokens() {
    return keepTokens;
  }

  /** Returns what the text must look like, if that is set. */
  public Optional<OutputConstraint> constraint() {
    return constraint;
  }

  /** Returns the settings: the usual ones, and of the others those that are set. */
  @Override
  public String toString() {
    StringBuilder text =
        new StringBuilder(
            "GenerationConfig[maxTokens=%d, temperature=%s, topK=%d, topP=%s, seed=%s, stop=%s"
                .formatted(maxTokens, temperature, topK, topP, seed, stop));
    append(text, stopIds.length > 0, "stopIds", Arrays.toString(stopIds));
    append(text, timeLimit.isPresent(), "timeLimit", timeLimit);
    append(text, logprobs.isPresent(), "logprobs", logprobs);
    append(text, promptLogprobs.isPresent(), "promptLogprobs", promptLogprobs);
    append(text, uses(SamplingStep.MIN_P), "minP", minP);
    append(text, uses(SamplingStep.TYPICAL_P), "typicalP", typicalP);
    append(text, uses(SamplingStep.TOP_N_SIGMA), "topNSigma", topNSigma);
    append(text, uses(SamplingStep.PENALTIES), "penalties", penalties);
    append(text, uses(SamplingStep.DRY), "dry", dry);
    append(text, uses(SamplingStep.XTC), "xtc", xtc);
    append(text, mirostat.isPresent(), "mirostat", mirostat);
    append(text, !logitBias.isEmpty(), "logitBias", logitBias);
    append(text, bannedIds.length > 0, "bannedIds", Arrays.toString(bannedIds));
    append(text, allowedIds.length > 0, "allowedIds", Arrays.toString(allowedIds));
    append(text, !logitsProcessors.isEmpty(), "logitsProcessors", logitsProcessors);
    append(text, !samplingOrder.equals(Builder.DEFAULT_ORDER), "samplingOrder", samplingOrder);
    append(text, sampler.isPresent(), "sampler", sampler);
    append(text, overflow != OverflowPolicy.STOP, "overflow", overflow);
    append(text, overflow == OverflowPolicy.SHIFT, "keepTokens", keepTokens);
    append(text, constraint.isPresent(), "constraint", constraint);
    return text.append(']').toString();
  }

  private static void append(StringBuilder text, boolean isSet, String name, Object value) {
    if (isSet) {
      text.append(", ").append(name).append('=').append(value);
    }
  }

  /** Collects settings; every setter checks its value. Not thread-safe. */
  public static final class Builder {
    private static final List<SamplingStep> DEFAULT_ORDER = List.of(SamplingStep.values());

    private int maxTokens = 256;
    private float temperature;
    private int topK;
    private float topP = 1;
    private OptionalLong seed = OptionalLong.empty();
    private List<String> stop = List.of();
    private boolean ignoreStopTokens;
    private float minP;
    private float typicalP = 1;
    private float topNSigma;
    private Penalties penalties = Penalties.none();
    private Dry dry = Dry.none();
    private Xtc xtc = Xtc.none();
    private Optional<Mirostat> mirostat = Optional.empty();
    private final Map<Integer, Float> logitBias = new TreeMap<>();
    private int[] bannedIds = {};
    private int[] allowedIds = {};
    private List<LogitsProcessor> logitsProcessors = List.of();
    private List<SamplingStep> samplingOrder = DEFAULT_ORDER;
    private Optional<Sampler> sampler = Optional.empty();
    private boolean speculation;
    private OverflowPolicy overflow = OverflowPolicy.STOP;
    private int keepTokens = 4;
    private int[] stopIds = {};
    private Optional<Duration> timeLimit = Optional.empty();
    private Optional<PrefillListener> onPrefill = Optional.empty();
    private OptionalInt logprobs = OptionalInt.empty();
    private OptionalInt promptLogprobs = OptionalInt.empty();
    private Optional<OutputConstraint> constraint = Optional.empty();

    private Builder() {}

    private Builder(GenerationConfig config) {
      maxTokens = config.maxTokens;
      temperature = config.temperature;
      topK = config.topK;
      topP = config.topP;
      seed = config.seed;
      stop = config.stop;
      ignoreStopTokens = config.ignoreStopTokens;
      minP = config.minP;
      typicalP = config.typicalP;
      topNSigma = config.topNSigma;
      penalties = config.penalties;
      dry = config.dry;
      xtc = config.xtc;
      mirostat = config.mirostat;
      logitBias.putAll(config.logitBias);
      bannedIds = config.bannedIds;
      allowedIds = config.allowedIds;
      logitsProcessors = config.logitsProcessors;
      samplingOrder = config.samplingOrder;
      sampler = config.sampler;
      speculation = config.speculation;
      overflow = config.overflow;
      keepTokens = config.keepTokens;
      stopIds = config.stopIds;
      timeLimit = config.timeLimit;
      onPrefill = config.onPrefill;
      logprobs = config.logprobs;
      promptLogprobs = config.promptLogprobs;
      constraint = config.constraint;
    }

    /**
     * Sets the largest number of tokens to generate; 256 if not set.
     *
     * @throws IllegalArgumentException if below 1
     */
    public Builder maxTokens(int maxTokens) {
      Settings.check(maxTokens >= 1, "maxTokens", "1 or more", maxTokens);
      this.maxTokens = maxTokens;
      return this;
    }

    /**
     * Sets the temperature; 0, greedy, if not set.
     *
     * @throws IllegalArgumentException if negative, infinite or NaN
     */
    public Builder temperature(float temperature) {
      Settings.check(
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
      Settings.check(topK >= 0, "topK", "0 or more", topK);
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
      Settings.check(topP > 0 && topP <= 1, "topP", "above 0 and at most 1", topP);
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
        Settings.check(!s.isEmpty(), "stop", "no empty strings", "\"\"");
      }
      this.stop = List.of(stop);
      return this;
    }

    /**
     * Sets the ids that end a generation besides the model's stop tokens; none if not set. Such a
     * token is the last of the ids, and its own text is not in the text.
     *
     * @throws IllegalArgumentException if one is negative
     */
    public Builder stopIds(int... ids) {
      stopIds = sorted("stopIds", ids);
      return this;
    }

    /**
     * Limits the time of a generation; no limit if not set. It runs from the call of {@code
     * generate}, {@code stream} or {@code chat}, so a stream spends it also while it waits for its
     * reader. When it is over the generation ends with {@link FinishReason#TIME_LIMIT} within the
     * time of one layer, also while the prompt is processed, and has what it has.
     *
     * @throws IllegalArgumentException if not above zero
     */
    public Builder timeLimit(Duration timeLimit) {
      Settings.check(timeLimit.isPositive(), "timeLimit", "more than no time", timeLimit);
      this.timeLimit = Optional.of(timeLimit);
      return this;
    }

    /** Sets what hears how much of the prompt has been processed; nothing if not set. */
    public Builder onPrefill(PrefillListener onPrefill) {
      this.onPrefill = Optional.of(Objects.requireNonNull(onPrefill, "onPrefill"));
      return this;
    }

    /**
     * Asks for the log probability of each token that is generated, in {@link Token#logprobs} and
     * {@link Generation#logprobs}. All logits are computed then, and the tokens are the same.
     *
     * @param alternatives how many of the likeliest tokens come with each: 0 or more; at most the
     *     vocabulary
     * @throws IllegalArgumentException if negative
     */
    public Builder logprobs(int alternatives) {
      Settings.check(alternatives >= 0, "logprobs", "0 or more", alternatives);
      logprobs = OptionalInt.of(alternatives);
      return this;
    }

    /**
     * Asks for the log probability of each token of the prompt but the first, in {@link
     * Generation#promptLogprobs}. The whole prompt is computed then, whatever the KV cache holds of
     * it, and all logits after each of its tokens, a few rows at a time.
     *
     * @param alternatives how many of the likeliest tokens come with each: 0 or more; at most the
     *     vocabulary
     * @throws IllegalArgumentException if negative
     */
    public Builder promptLogprobs(int alternatives) {
      Settings.check(alternatives >= 0, "promptLogprobs", "0 or more", alternatives);
      promptLogprobs = OptionalInt.of(alternatives);
      return this;
    }

    /**
     * Sets whether generation goes on after the model's stop tokens; false if not set. It does not
     * after {@link #stopIds}.
     */
    public Builder ignoreStopTokens(boolean ignoreStopTokens) {
      this.ignoreStopTokens = ignoreStopTokens;
      return this;
    }

    /**
     * Keeps only the tokens whose probability is at least {@code minP} times that of the most
     * probable one; 0, all, if not set. Nguyen and others, "Turning Up the Heat: Min-p Sampling for
     * Creative and Coherent LLM Outputs" (2024). 0.05 to 0.1 are usual.
     *
     * @throws IllegalArgumentException if not from 0 to 1
     */
    public Builder minP(float minP) {
      Settings.check(minP >= 0 && minP <= 1, "minP", "a number from 0 to 1", minP);
      this.minP = minP;
      return this;
    }

    /**
     * Keeps only typical tokens: in the order of {@code |-ln p - H|}, smallest first, where H is
     * the entropy {@code -sum(p ln p)}, the fewest whose probabilities add up to at least {@code
     * typicalP}; 1, all, if not set. Meister and others, "Locally Typical Sampling" (2022). 0.2 to
     * 0.95 are usual.
     *
     * @throws IllegalArgumentException if not above 0 and at most 1
     */
    public Builder typicalP(float typicalP) {
      Settings.check(typicalP > 0 && typicalP <= 1, "typicalP", "above 0 and at most 1", typicalP);
      this.typicalP = typicalP;
      return this;
    }

    /**
     * Keeps only logits of at least {@code max - topNSigma * sigma}, where max is the largest and
     * sigma the standard deviation (dividing by n) of the logits; 0, all, if not set. The
     * temperature makes no difference to what is kept. Tang and others, "Top-nsigma: Not All Logits
     * You Need" (2024). 1 is usual.
     *
     * @throws IllegalArgumentException if negative, infinite or NaN
     */
    public Builder topNSigma(float topNSigma) {
      Settings.check(
          topNSigma >= 0 && topNSigma < Float.POSITIVE_INFINITY,
          "topNSigma",
          "a finite number, 0 or more",
          topNSigma);
      this.topNSigma = topNSigma;
      return this;
    }

    /** Sets the penalties on tokens that occurred lately; none if not set. */
    public Builder penalties(Penalties penalties) {
      this.penalties = Objects.requireNonNull(penalties, "penalties");
      return this;
    }

    /** Sets the penalty on continuing a repetition; none if not set. */
    public Builder dry(Dry dry) {
      this.dry = Objects.requireNonNull(dry, "dry");
      return this;
    }

    /** Sets how the most probable tokens are removed now and then; never if not set. */
    public Builder xtc(Xtc xtc) {
      this.xtc = Objects.requireNonNull(xtc, "xtc");
      return this;
    }

    /** Sets what replaces the draw by probabilities; nothing if not set. */
    public Builder mirostat(Mirostat mirostat) {
      this.mirostat = Optional.of(Objects.requireNonNull(mirostat, "mirostat"));
      return this;
    }

    /**
     * Adds {@code bias} to the logit of a token; to be called for each such token. The last call
     * for an id counts.
     *
     * @throws IllegalArgumentException if the id is negative, or the bias infinite or NaN; to ban a
     *     token use {@link #bannedIds}
     */
    public Builder logitBias(int id, float bias) {
      Settings.check(id >= 0, "logitBias", "no negative ids", id);
      Settings.check(Float.isFinite(bias), "logitBias", "a finite number", bias);
      logitBias.put(id, bias);
      return this;
    }

    /**
     * Sets the tokens that are never chosen; none if not set.
     *
     * @throws IllegalArgumentException if one is negative
     */
    public Builder bannedIds(int... ids) {
      bannedIds = sorted("bannedIds", ids);
      return this;
    }

    /**
     * Sets the only tokens that are chosen; no ids, if not set, means that any may be. The model's
     * stop tokens must be among them if they are to end the text.
     *
     * @throws IllegalArgumentException if one is negative
     */
    public Builder allowedIds(int... ids) {
      allowedIds = sorted("allowedIds", ids);
      return this;
    }

    private static int[] sorted(String setting, int[] ids) {
      int[] sorted = Arrays.stream(ids).sorted().distinct().toArray();
      for (int id : sorted) {
        Settings.check(id >= 0, setting, "no negative ids", id);
      }
      return sorted;
    }

    /** Sets what changes the logits before all else, in this order; nothing if not set. */
    public Builder logitsProcessors(LogitsProcessor... logitsProcessors) {
      this.logitsProcessors = List.of(logitsProcessors);
      return this;
    }

    /**
     * Sets the order of the steps; that of {@link SamplingStep} if not set. Steps whose settings do
     * not ask for them need not be named.
     *
     * @throws IllegalArgumentException if a step is named twice
     */
    public Builder samplingOrder(SamplingStep... samplingOrder) {
      List<SamplingStep> order = List.of(samplingOrder);
      EnumSet<SamplingStep> named = EnumSet.noneOf(SamplingStep.class);
      named.addAll(order);
      Settings.check(named.size() == order.size(), "samplingOrder", "each step once", order);
      this.samplingOrder = order;
      return this;
    }

    /**
     * Sets the application's own sampler. It gets the logits after processors, bias, masks,
     * penalties and DRY, and replaces the other steps and the draw.
     */
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

    /** Sets what happens when the context is full; {@link OverflowPolicy#STOP} if not set. */
    public Builder overflow(OverflowPolicy overflow) {
      this.overflow = Objects.requireNonNull(overflow, "overflow");
      return this;
    }

    /**
     * Sets how many of the first tokens of a text stay in the window of {@link
     * OverflowPolicy#SHIFT}; 4 if not set, because models attend strongly to the first ones: Xiao
     * and others, "Efficient Streaming Language Models with Attention Sinks" (2023). To keep an
     * instruction at the start of a prompt, give its number of tokens, beginning-of-sequence token
     * included. It must be below the context length. {@code chat} does not use it.
     *
     * @throws IllegalArgumentException if negative
     */
    public Builder keepTokens(int keepTokens) {
      Settings.check(keepTokens >= 0, "keepTokens", "0 or more", keepTokens);
      this.keepTokens = keepTokens;
      return this;
    }

    /**
     * Sets what the generated text must look like; anything if not set. Tokens that cannot lead to
     * such a text are masked before all sampling steps, stop tokens until the text is complete. The
     * generation ends with {@link FinishReason#COMPLETE} as soon as nothing can follow; with {@link
     * #ignoreStopTokens} in no other way but those that cut a text short, such as {@link
     * #maxTokens} and {@link #stop}.
     */
    public Builder constraint(OutputConstraint constraint) {
      this.constraint = Optional.of(Objects.requireNonNull(constraint, "constraint"));
      return this;
    }

    /**
     * Returns the settings.
     *
     * @throws IllegalArgumentException if {@link #samplingOrder} lacks a step that is asked for
     */
    public GenerationConfig build() {
      GenerationConfig config = new GenerationConfig(this);
      for (SamplingStep step : SamplingStep.values()) {
        Settings.check(
            samplingOrder.contains(step) || !config.uses(step),
            "samplingOrder",
            step + ", which is asked for",
            samplingOrder);
      }
      return config;
    }
  }
}

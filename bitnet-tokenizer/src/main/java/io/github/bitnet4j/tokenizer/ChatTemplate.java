package io.github.bitnet4j.tokenizer;

import io.github.bitnet4j.tokenizer.template.SpecialTokenGuard;
import io.github.bitnet4j.tokenizer.template.Template;
import io.github.bitnet4j.tokenizer.template.Text;
import java.time.Clock;
import java.time.ZoneId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A chat template of a model: a program, in a subset of Jinja, that turns messages into a prompt.
 * Immutable and thread-safe.
 *
 * <p>A message is a map with at least {@code role} (such as {@code system}, {@code user} or {@code
 * assistant}) and, as a rule, {@code content}; templates may know more entries. Values are what
 * JSON has: strings, numbers, booleans, {@code null}, lists, and maps with strings as keys. They
 * are data: template syntax in them means nothing.
 *
 * <p>Templates are rendered as Hugging Face renders them: by the rules of Jinja2's immutable
 * sandbox with {@code trim_blocks} and {@code lstrip_blocks}, {@code tojson} without escapes for
 * HTML, the tags {@code break}, {@code continue} and {@code generation}, and the functions {@code
 * raise_exception} and {@code strftime_now}. The latter reads a clock, see {@link #withClock}.
 *
 * <p>What is not supported is refused when it is run, not when the template is parsed: other
 * templates ({@code include}, {@code import}, {@code extends}), {@code autoescape}, and the filters
 * {@code pprint}, {@code random}, {@code striptags}, {@code urlize}, {@code wordwrap} and {@code
 * xmlattr}. Integers have 64 bits; a larger result is refused. Templates come with model files, so
 * they are not trusted: their work is counted, and one that works, nests or prints without bounds
 * ends in a {@link ChatTemplateException}.
 */
public final class ChatTemplate {
  private final Template template;
  private final Clock clock;

  private ChatTemplate(Template template, Clock clock) {
    this.template = template;
    this.clock = clock;
  }

  /**
   * Parses a template.
   *
   * @param source the template, as {@code chat_template} in {@code tokenizer_config.json} holds it
   * @throws ChatTemplateException if it is malformed; the message names the line and column
   */
  public static ChatTemplate parse(String source) {
    return new ChatTemplate(Template.parse(source), Clock.system(ZoneId.systemDefault()));
  }

  /**
   * Returns the same template with another clock and time zone for {@code strftime_now}; by default
   * these are the system's.
   */
  public ChatTemplate withClock(Clock clock) {
    return new ChatTemplate(template, clock);
  }

  /**
   * Renders the messages to one text.
   *
   * <p>The text says no more which part of it comes from a message: encoded with special tokens
   * parsed, a message that contains the name of one injects it. Use {@link #encode} to get ids.
   *
   * @param messages the conversation, oldest message first
   * @param addGenerationPrompt whether the text ends with what precedes the next answer
   * @param variables further variables of the template, such as {@code bos_token}, {@code
   *     eos_token} and {@code tools}; {@code tools} and {@code documents} are none by default, as
   *     Hugging Face has them, others are undefined
   * @throws ChatTemplateException if the template refuses the messages or cannot be evaluated
   * @throws IllegalArgumentException if a value is none that JSON has
   */
  public String render(
      List<? extends Map<String, ?>> messages,
      boolean addGenerationPrompt,
      Map<String, ?> variables) {
    return template.render(variables, messages, addGenerationPrompt, clock).value();
  }

  /**
   * Renders the messages and encodes the result, so that only the template can write special
   * tokens: their names in a message, whole or completed by text around it, are ordinary
   * characters. A message's {@code role} counts as the template's own text if it is a usual one.
   *
   * <p>The template gets {@code bos_token} and {@code eos_token} as the tokenizer has them. If the
   * tokenizer adds a beginning-of-sequence id, the result starts with exactly one, whether the
   * template writes it or not.
   *
   * @param tokenizer the tokenizer of the model
   * @param messages the conversation, oldest message first
   * @param addGenerationPrompt whether the ids end with what precedes the next answer
   * @return the ids of the prompt
   * @throws ChatTemplateException if the template refuses the messages or cannot be evaluated
   * @throws IllegalArgumentException if a value is none that JSON has
   */
  public int[] encode(
      Tokenizer tokenizer, List<? extends Map<String, ?>> messages, boolean addGenerationPrompt) {
    Map<String, String> variables = new HashMap<>();
    tokenizer.bosId().ifPresent(id -> variables.put("bos_token", tokenizer.decode(id)));
    tokenizer.eosId().ifPresent(id -> variables.put("eos_token", tokenizer.decode(id)));
    Text prompt =
        tokenizer.normalize(template.render(variables, messages, addGenerationPrompt, clock));
    SpecialTokenGuard.Guarded guarded = SpecialTokenGuard.guard(prompt, tokenizer.specialTexts());
    int[] ids = tokenizer.encodeTemplated(guarded.text(), guarded.guard());
    return tokenizer.addsBos() ? withBos(tokenizer.bosId(), ids) : ids;
  }

  /**
   * Renders a question, and then a conversation with an answer and a second question, and returns
   * why the template cannot be used for them; empty if it can. A template may still refuse other
   * conversations, such as one with a system message.
   */
  public Optional<ChatTemplateException> dryRun(Tokenizer tokenizer) {
    Map<String, String> question = Map.of("role", "user", "content", "Hello");
    Map<String, String> answer = Map.of("role", "assistant", "content", "Hi!");
    try {
      encode(tokenizer, List.of(question), true);
      encode(tokenizer, List.of(question, answer, question), true);
      return Optional.empty();
    } catch (ChatTemplateException e) {
      return Optional.of(e);
    }
  }

  private static int[] withBos(OptionalInt bosId, int[] ids) {
    if (bosId.isEmpty() || (ids.length > 0 && ids[0] == bosId.getAsInt())) {
      return ids;
    }
    int[] result = new int[ids.length + 1];
    result[0] = bosId.getAsInt();
    System.arraycopy(ids, 0, result, 1, ids.length);
    return result;
  }
}

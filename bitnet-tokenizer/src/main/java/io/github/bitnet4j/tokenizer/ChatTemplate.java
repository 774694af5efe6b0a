package io.github.bitnet4j.tokenizer;

import io.github.bitnet4j.tokenizer.template.SpecialTokenGuard;
import io.github.bitnet4j.tokenizer.template.Template;
import io.github.bitnet4j.tokenizer.template.Text;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
 * <p>The subset is what Hugging Face chat templates use, with the settings they are rendered with
 * there ({@code trim_blocks} and {@code lstrip_blocks}, {@code tojson} without escapes for HTML):
 *
 * <ul>
 *   <li>tags: {@code if}, {@code for} with {@code else}, filter, {@code break} and {@code
 *       continue}, {@code set} of variables, namespace attributes and blocks, {@code macro} at top
 *       level, {@code generation};
 *   <li>expressions: all literals and operators of Jinja, slices, tests, filters, and the methods
 *       of strings and dictionaries that change nothing;
 *   <li>functions: {@code raise_exception}, {@code namespace}, {@code dict}, {@code range}, and
 *       {@code strftime_now}, which gives the text of the variable of that name: the clock is not
 *       read.
 * </ul>
 *
 * <p>Not supported, and refused when parsing: inheritance and inclusion, {@code call}, {@code
 * filter}, {@code with}, {@code raw} and {@code do} tags, recursive loops, filters that escape for
 * HTML, and unpacked arguments. Integers have 64 bits; a larger result is refused. Templates come
 * with model files, so they are not trusted: what they do is counted, and one that works, nests or
 * prints without bounds ends in a {@link ChatTemplateException}.
 */
public final class ChatTemplate {
  private final Template template;

  private ChatTemplate(Template template) {
    this.template = template;
  }

  /**
   * Parses a template.
   *
   * @param source the template, as {@code chat_template} in {@code tokenizer_config.json} holds it
   * @throws ChatTemplateException if it is malformed or outside the supported subset; the message
   *     names the construct, line and column
   */
  public static ChatTemplate parse(String source) {
    return new ChatTemplate(Template.parse(source));
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
   *     eos_token} and {@code tools}; others are undefined
   * @throws ChatTemplateException if the template refuses the messages or cannot be evaluated
   * @throws IllegalArgumentException if a value is none that JSON has
   */
  public String render(
      List<? extends Map<String, ?>> messages,
      boolean addGenerationPrompt,
      Map<String, ?> variables) {
    return template.render(variables, messages, addGenerationPrompt).value();
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
    Text prompt = template.render(variables, messages, addGenerationPrompt);
    SpecialTokenGuard.Guarded guarded = SpecialTokenGuard.guard(prompt, tokenizer.specialTokens());
    int[] ids = tokenizer.encodeTemplated(guarded.text(), guarded.guard());
    return tokenizer.addsBos() ? withBos(tokenizer.bosId(), ids) : ids;
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

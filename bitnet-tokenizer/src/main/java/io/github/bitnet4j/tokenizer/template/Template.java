package io.github.bitnet4j.tokenizer.template;

import io.github.bitnet4j.tokenizer.ChatTemplateException;
import java.time.Clock;
import java.util.List;
import java.util.Map;

/** A parsed template. Immutable and thread-safe. */
public final class Template {
  private final Source source;
  private final List<Statement> statements;

  private Template(Source source, List<Statement> statements) {
    this.source = source;
    this.statements = statements;
  }

  /**
   * Parses a template.
   *
   * @throws ChatTemplateException if it is malformed or too large
   */
  public static Template parse(String text) {
    Source source = Source.of(text);
    return new Template(source, new StatementParser(source).parse());
  }

  /**
   * Renders the template. Text of the messages counts as data in the result (but for well-known
   * roles), text of the variables as the template's own.
   *
   * @param clock the clock and time zone of {@code strftime_now}
   * @throws ChatTemplateException if the template cannot be evaluated or refuses the messages
   * @throws IllegalArgumentException if a value is none that JSON has
   */
  public Text render(
      Map<String, ?> variables,
      List<? extends Map<String, ?>> messages,
      boolean addGenerationPrompt,
      Clock clock) {
    Meter meter = new Meter(source);
    Scope builtIns = new Scope(null);
    Functions.all(clock).forEach(builtIns::set);
    Scope scope = new Scope(builtIns);
    // Hugging Face passes these two always.
    scope.set("tools", Value.None.NONE);
    scope.set("documents", Value.None.NONE);
    variables.forEach((name, value) -> scope.set(name, JavaValues.ofVariable(meter, name, value)));
    scope.set("messages", JavaValues.ofMessages(meter, messages));
    scope.set("add_generation_prompt", Value.of(addGenerationPrompt));
    return new Renderer(meter, scope).render(statements);
  }
}

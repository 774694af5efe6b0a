package io.github.bitnet4j.tokenizer.template;

import io.github.bitnet4j.tokenizer.ChatTemplateException;
import java.util.List;
import java.util.Map;

/** A parsed template. Immutable and thread-safe. */
public final class Template {
  private final Source source;
  private final List<Statement> statements;
  private final Map<String, Statement.Macro> macros;

  private Template(Source source, List<Statement> statements, Map<String, Statement.Macro> macros) {
    this.source = source;
    this.statements = statements;
    this.macros = macros;
  }

  /**
   * Parses a template.
   *
   * @throws ChatTemplateException if it is malformed, uses what is not supported, or is too large
   */
  public static Template parse(String text) {
    Source source = Source.of(text);
    StatementParser parser = new StatementParser(source);
    return new Template(source, parser.parse(), parser.macros());
  }

  /**
   * Renders the template. Text of the messages counts as data in the result (but for well-known
   * roles), text of the variables as the template's own.
   *
   * @throws ChatTemplateException if the template cannot be evaluated or refuses the messages
   * @throws IllegalArgumentException if a value is none that JSON has
   */
  public Text render(
      Map<String, ?> variables,
      List<? extends Map<String, ?>> messages,
      boolean addGenerationPrompt) {
    Meter meter = new Meter(source);
    Scope scope = new Scope(null);
    variables.forEach((name, value) -> scope.set(name, JavaValues.ofVariable(meter, name, value)));
    scope.set("messages", JavaValues.ofMessages(meter, messages));
    scope.set("add_generation_prompt", Value.of(addGenerationPrompt));
    return new Evaluator(meter, macros, scope).render(statements);
  }
}

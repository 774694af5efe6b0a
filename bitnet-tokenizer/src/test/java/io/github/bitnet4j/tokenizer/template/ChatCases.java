package io.github.bitnet4j.tokenizer.template;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The golden cases of {@code chat-cases.json}, rendered by Jinja2 as Hugging Face sets it up. */
final class ChatCases {
  /** A template with the variables that belong to it. */
  record NamedTemplate(String source, Map<String, String> variables) {}

  /** Messages, and the text that the reference renders them to. */
  record Case(
      String id,
      String template,
      List<Map<String, Object>> messages,
      Map<String, Object> variables,
      boolean addGenerationPrompt,
      String rendered) {
    @Override
    public String toString() {
      return id;
    }
  }

  final Map<String, NamedTemplate> templates = new LinkedHashMap<>();
  final List<Case> cases = new ArrayList<>();

  private ChatCases(Map<?, ?> root) {
    for (Map.Entry<?, ?> entry : JsonResource.object(root.get("templates")).entrySet()) {
      Map<String, Object> template = JsonResource.object(entry.getValue());
      templates.put(
          (String) entry.getKey(),
          new NamedTemplate(
              (String) template.get("template"),
              Map.of(
                  "bos_token", (String) template.get("bos_token"),
                  "eos_token", (String) template.get("eos_token"))));
    }
    for (Object element : (List<?>) Objects.requireNonNull(root.get("cases"))) {
      Map<String, Object> golden = JsonResource.object(element);
      String template = (String) golden.get("template");
      Map<String, Object> variables = new LinkedHashMap<>(templates.get(template).variables());
      if (golden.containsKey("tools")) {
        variables.put("tools", golden.get("tools"));
      }
      List<Map<String, Object>> messages = new ArrayList<>();
      for (Object message : (List<?>) golden.get("messages")) {
        messages.add(JsonResource.object(message));
      }
      cases.add(
          new Case(
              (String) golden.get("id"),
              template,
              messages,
              variables,
              (Boolean) golden.get("add_generation_prompt"),
              (String) golden.get("rendered")));
    }
  }

  static ChatCases read() throws IOException {
    return new ChatCases(JsonResource.read("/chat/chat-cases.json"));
  }
}

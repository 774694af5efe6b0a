package io.github.bitnet4j.core.format;

import io.github.bitnet4j.Model;
import io.github.bitnet4j.ModelFormatException;
import java.io.IOException;
import java.nio.file.Path;

/** Loads a model and prints {@code loaded}, or {@code rejected} and why. */
final class LoadingProgram {
  private LoadingProgram() {}

  /** Takes the model. */
  public static void main(String[] args) throws IOException {
    try (Model model = Model.load(Path.of(args[0]))) {
      System.out.println("loaded " + model.info().path());
    } catch (ModelFormatException e) {
      String message = e.getMessage();
      System.out.println("rejected " + message.substring(0, Math.min(message.length(), 500)));
    }
  }
}

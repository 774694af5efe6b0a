package io.github.bitnet4j.spi;

import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import java.io.IOException;
import java.nio.file.Path;

/** Opens model files; found by {@link java.util.ServiceLoader}. */
public interface ModelLoader {
  /**
   * Loads a model, as {@link Model#load(Path, LoadOptions)} describes.
   *
   * @param path the model directory or file
   * @param options how to load it
   */
  Model load(Path path, LoadOptions options) throws IOException;
}

/** The API applications compile against, and the SPI for model loaders and kernel providers. */
module io.github.bitnet4j.api {
  requires transitive io.github.bitnet4j.tokenizer;
  requires org.slf4j;
  requires static org.jspecify;

  exports io.github.bitnet4j;
  exports io.github.bitnet4j.spi;

  uses io.github.bitnet4j.spi.ModelLoader;
}

import Domain
import Encoding
import Testing

@testable import Inspection

@Suite struct KerasJudgeTests {
  private static func rules(_ text: String) -> [String] {
    let subject = Subject(bytes: [], member: "config.json", depth: 0)
    return KerasJudge.findings(ofText: Array(text.utf8)[...], in: subject).findings.map(\.rule)
  }

  private static func layer(_ module: String?, _ name: String, _ config: String = "{}") -> String {
    let module = module.map { "\"\($0)\"" } ?? "null"
    return "{\"module\": \(module), \"class_name\": \"\(name)\", \"config\": \(config)}"
  }

  @Test(arguments: [
    ("keras.layers", "Dense"), ("keras.src.models.functional", "Functional"), ("keras", "Sequential"),
    ("tf_keras.layers", "LSTM"), ("keras.optimizers.schedules", "CosineDecay"),
    ("tensorflow.python.keras.layers", "Conv2D"), ("", "Embedding"),
  ])
  func `a class of Keras's own is no finding`(module: String, name: String) {
    #expect(Self.rules(Self.layer(module, name)).isEmpty)
  }

  @Test(arguments: [
    ("os", "system"), ("builtins", "exec"), ("subprocess", "Popen"), ("numpy", "load"),
    ("importlib", "import_module"),
    ("torch", "load"), ("shutil", "rmtree"), ("posix", "system"), ("pip", "main"),
  ])
  func `a module outside Keras is an injection`(module: String, name: String) {
    #expect(Self.rules(Self.layer(module, name)) == ["keras.module-injection"])
  }

  @Test(arguments: ["exec", "eval", "__import__", "open", "getattr"])
  func `a builtin named as a function is an injection`(name: String) {
    #expect(Self.rules(Self.layer("builtins", "function", "\"\(name)\"")) == ["keras.module-injection"])
  }

  @Test func `a function that is named as Keras's own is no finding`() {
    #expect(Self.rules(Self.layer("builtins", "function", "\"relu\"")).isEmpty)
    #expect(Self.rules(Self.layer("builtins", "function", "\"mine\"")) == ["keras.custom-object"])
  }

  @Test(arguments: [
    ("keras.utils", "get_file"), ("keras.config", "enable_unsafe_deserialization"),
    ("keras.models", "load_model"), ("keras.src.utils.file_utils", "extract_archive"),
    ("keras.src.saving.serialization_lib", "deserialize_keras_object"),
  ])
  func `a function of Keras that loads something is no part of a model`(module: String, name: String) {
    #expect(Self.rules(Self.layer(module, "function", "\"\(name)\"")) == ["keras.loader-function"])
    #expect(Self.rules(Self.layer(module, name)) == ["keras.loader-function"])
  }

  @Test func `the words of marshalled code are in the finding`() {
    let text = Self.layer(nil, "__lambda__", "{\"code\": \"AAAAb3MAc3lzdGVtAHRvdWNoIC90bXAveAAA\"}")
    let subject = Subject(bytes: [], member: "", depth: 0)
    let findings = KerasJudge.findings(ofText: Array(text.utf8)[...], in: subject).findings
    #expect(findings.first?.message.contains("'os' 'system' 'touch /tmp/x'") == true)
  }

  @Test(arguments: ["/etc/passwd", "../../x", "file:///etc/passwd", "C:\\\\x", "~/x"])
  func `a vocabulary outside the artifact is read on load`(path: String) {
    #expect(
      Self.rules(Self.layer("keras.layers", "StringLookup", "{\"vocabulary\": \"\(path)\"}"))
        == ["keras.file-read"])
  }

  @Test func `a vocabulary of words is no finding, and one beside the model is not lifted`() {
    #expect(Self.rules(Self.layer("keras.layers", "TextVectorization", "{\"vocabulary\": [\"a\"]}")).isEmpty)
    #expect(
      Self.rules(Self.layer("keras.layers", "StringLookup", "{\"vocabulary\": \"vocab.txt\"}"))
        == ["keras.file-reference"])
  }

  @Test func `Python's constants are read as JSON does not have them`() {
    #expect(
      Self.rules(Self.layer("keras.layers", "ReLU", "{\"max_value\": Infinity, \"name\": \"NaN\"}")).isEmpty)
  }

  @Test func `the same member twice is a difference between readers`() {
    #expect(Self.rules("{\"module\": \"keras\", \"module\": \"os\"}") == ["keras.duplicate-name"])
  }

  @Test func `a configuration that nests without end is refused`() {
    let deep = String(repeating: "[", count: 5_000)
    #expect(Self.rules("{\"config\": \(deep)") == ["keras.depth"])
  }
}

import Testing

@testable import Artifacts

@Suite struct ReferencedPathTests {
  @Test func `a path inside the directory is accepted`() {
    for path in ["weights.bin", "./weights.bin", "data/w.0", "a..b/c", "..w", "gewichte größe.bin"] {
      #expect(ReferencedPath.fault(Array(path.utf8)[...]) == nil, "\(path)")
    }
  }

  @Test func `a path that leads out is refused with the reason`() {
    let cases = [
      ("", "an empty path"), ("/etc/passwd", "an absolute path"),
      ("a/../../b", "a path that leads out of its directory"),
      ("..", "a path that leads out of its directory"), ("a\\b", "a path with a backslash"),
      ("C:w", "a path with a drive"), ("gs://bucket/w", "a URL"), ("~/w", "a path in a home directory"),
      ("w\0", "a path with a NUL in it"),
    ]
    for (path, reason) in cases { #expect(ReferencedPath.fault(Array(path.utf8)[...]) == reason, "\(path)") }
  }

  @Test func `a path is resolved from the directory of the file that names it`() {
    #expect(ReferencedPath.resolve(Array("./w/b".utf8)[...], from: "onnx/model.onnx") == "onnx/w/b")
    #expect(ReferencedPath.resolve(Array("w".utf8)[...], from: "model.onnx") == "w")
    #expect(ReferencedPath.resolve(Array("w".utf8)[...], from: "") == "w")
  }
}

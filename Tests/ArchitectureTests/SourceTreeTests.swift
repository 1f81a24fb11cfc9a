import Testing

@Suite struct SourceTreeTests {
  @Test func `the root is where the manifest is`() throws {
    #expect(try SourceTree().text(of: "Package.swift").hasPrefix("// swift-tools-version"))
  }

  @Test func `a file of one line too many is found`() {
    let lines = String(repeating: "\n", count: FileLength.limit)
    #expect(FileLength.problem(of: "A.swift", lines) == nil)
    #expect(
      FileLength.problem(of: "A.swift", lines + "\n") == "expected at most 500 lines in A.swift, found 501")
  }

  @Test func `a program that fails is not taken for one that says nothing`() {
    #expect(throws: Subprocess.Failure.self) { try Subprocess.output(of: "/bin/sh", ["-c", "exit 3"]) }
  }

  @Test func `output longer than a pipe holds arrives whole`() throws {
    let output = try Subprocess.output(of: "/usr/bin/env", ["head", "-c", "300000", "/dev/zero"])
    #expect(output.count == 300_000)
  }
}

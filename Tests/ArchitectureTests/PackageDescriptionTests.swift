import Testing

@Suite struct PackageDescriptionTests {
  @Test func `targets are read with their kinds and what they need`() throws {
    let dump = """
      {"name": "p", "targets": [
        {"name": "Core", "type": "regular", "dependencies": [{"product": ["Crypto", "swift-crypto", null, null]}]},
        {"name": "a-program", "type": "executable", "path": "Programs/a",
         "dependencies": [{"byName": ["Core", null]}, {"target": ["CThing", null]}, {"byName": ["Log", null]}]},
        {"name": "CThing", "type": "system", "dependencies": []},
        {"name": "CoreTests", "type": "test", "dependencies": [{"byName": ["Core", null]}]}]}
      """
    let targets = try PackageDescription(dump: Array(dump.utf8)).targets
    #expect(targets.map(\.name) == ["Core", "a-program", "CThing", "CoreTests"])
    #expect(targets.map(\.kind) == [.regular, .executable, .system, .test])
    #expect(targets.map(\.module) == ["Core", "a_program", "CThing", "CoreTests"])
    #expect(targets.map(\.path) == ["Sources/Core", "Programs/a", "Sources/CThing", "Tests/CoreTests"])
    #expect(targets.map(\.siblings) == [[], ["Core", "CThing"], [], ["Core"]])
    #expect(targets.map(\.products) == [["Crypto"], ["Log"], [], []])
  }

  @Test(arguments: [
    "{}", #"{"targets": [{"name": "A"}]}"#,
    #"{"targets": [{"name": "A", "type": "odd", "dependencies": []}]}"#,
    #"{"targets": [{"name": "A", "type": "regular"}]}"#,
    #"{"targets": [{"name": "A", "type": "regular", "dependencies": [{"byName": []}]}]}"#,
  ])
  func `a description of another shape is refused`(dump: String) {
    #expect(throws: PackageDescription.Unreadable.self) { try PackageDescription(dump: Array(dump.utf8)) }
  }
}

import Domain
import Testing

@Suite struct NearNameTests {
  @Test(arguments: [
    ("acuracy", "accuracy"), ("pickle.cal", "pickle.call"), ("hihg", "high"), ("ACCURACY", nil), ("x", nil),
    ("", nil),
  ])
  func `a name is suggested only when it is near`(text: String, expected: String?) {
    #expect(NearName.nearest(to: text, among: ["accuracy", "auc", "pickle.call", "high"]) == expected)
  }

  @Test func `the nearest of several is suggested`() {
    #expect(NearName.nearest(to: "precisionn", among: ["recision", "precision"]) == "precision")
  }
}

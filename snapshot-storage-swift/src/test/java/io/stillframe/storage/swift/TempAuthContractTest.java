package io.stillframe.storage.swift;

final class TempAuthContractTest extends SwiftContract {
    @Override
    TestContainer newContainer(SwiftLab lab) {
        return TestContainer.create(lab.tempAuth());
    }
}

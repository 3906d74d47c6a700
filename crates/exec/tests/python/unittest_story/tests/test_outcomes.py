import unittest


class Body(unittest.TestCase):
    def test_passes(self):
        pass

    def test_fails(self):
        self.assertEqual(1, 2)

    def test_raises(self):
        raise KeyError("key")

    @unittest.expectedFailure
    def test_fails_as_expected(self):
        self.fail("as expected")

    @unittest.expectedFailure
    def test_passes_unexpectedly(self):
        pass

    def test_skips_itself(self):
        self.skipTest("here")

    def test_fails_in_a_part(self):
        for number in range(3):
            with self.subTest(number=number):
                self.assertNotEqual(number, 1)


class BrokenSetUp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise ValueError("set-up")

    def test_one(self):
        pass


class BrokenTearDown(unittest.TestCase):
    @classmethod
    def tearDownClass(cls):
        raise ValueError("teardown")

    def test_one(self):
        pass


class LeftOut(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise unittest.SkipTest("all of it")

    def test_one(self):
        pass
